import { addDims, type Dim, dimEquals, isStatic, printDim, printShape, scaleDim } from '../../dim.ts';
import { invariant } from '../../errors.ts';
import type { Scalar } from '../../scalar.ts';
import { elementCount, newArray, type TensorData, type TypedArray } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import type { OpAttrs } from '../op-attrs.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkPerAxis, checkRank, checkSameDType } from './checks.ts';
import { type Elements, take } from './elements.ts';
import { rowMajorStrides, separableOffsets, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

function checkSliceAxis(dim: Dim, start: Dim, size: Dim, step: number, axis: number): void {
  check(Number.isInteger(step) && step !== 0, () => `the step on axis ${axis} is ${step}`);
  check(!isStatic(size) || size >= 0, () => `the size on axis ${axis} is ${printDim(size)}`);
  if (size === 0) return;
  const last = addDims(start, scaleDim(addDims(size, -1), step));
  for (const index of [start, last]) {
    // Where a symbol remains in the distance to a border, only binding it can tell.
    const [before, after] = [index, addDims(addDims(dim, -1), scaleDim(index, -1))];
    check(
      !(isStatic(before) && before < 0) && !(isStatic(after) && after < 0),
      () => `index ${printDim(index)} lies outside of axis ${axis}, whose size is ${printDim(dim)}`,
    );
  }
}

const slice: OpRow<'slice'> = singleResult<'slice', 1>({
  kind: 'injective',
  operands: 1,
  infer: ([x], { starts, sizes, steps }) => {
    checkPerAxis(starts, x, 'starts');
    checkPerAxis(sizes, x, 'sizes');
    checkPerAxis(steps, x, 'steps');
    x.shape.forEach((dim, axis) => {
      checkSliceAxis(dim, starts[axis] as Dim, sizes[axis] as Dim, steps[axis] as number, axis);
    });
    return { dtype: x.dtype, shape: sizes };
  },
  evaluate: ([x], { starts, steps }, { shape }) => {
    const strides = rowMajorStrides(x.shape);
    const first = starts.reduce<number>((sum, start, axis) => {
      invariant(isStatic(start), 'a slice with a symbolic start was evaluated');
      return sum + start * (strides[axis] as number);
    }, 0);
    return take(
      x,
      stridedOffsets(
        shape,
        strides.map((stride, axis) => stride * (steps[axis] as number)),
        first,
      ),
    );
  },
});

/** The input index for every index of a padded axis. */
function paddedIndex(size: number, before: number, i: number, mode: 'edge' | 'reflect' | 'wrap'): number {
  const index = i - before;
  const modulo = (value: number, period: number) => ((value % period) + period) % period;
  switch (mode) {
    case 'edge':
      return Math.min(Math.max(index, 0), size - 1);
    case 'wrap':
      return modulo(index, size);
    case 'reflect': {
      if (size === 1) return 0;
      const place = modulo(index, 2 * (size - 1));
      return place < size ? place : 2 * (size - 1) - place;
    }
  }
}

const padOperands = { constant: 2, edge: 1, reflect: 1, wrap: 1 } as const;

function inferPad(inputs: readonly TensorType[], { before, after, mode }: OpAttrs['pad']): TensorType {
  const [x, fill] = inputs;
  const expected = padOperands[mode];
  check(
    x !== undefined && inputs.length === expected,
    () => `takes ${expected} operands in mode ${mode}, has ${inputs.length}`,
  );
  if (fill !== undefined) {
    checkSameDType([x, fill]);
    checkRank(fill, 0, 'the padding value');
  }
  checkPerAxis(before, x, 'before');
  checkPerAxis(after, x, 'after');
  check(
    [...before, ...after].every((count) => Number.isInteger(count) && count >= 0),
    () => `pads [${before.join(', ')}] and [${after.join(', ')}], expected integers that are not negative`,
  );
  x.shape.forEach((dim, axis) => {
    const grows = before[axis] !== 0 || after[axis] !== 0;
    check(mode === 'constant' || dim !== 0 || !grows, () => `mode ${mode} has nothing to repeat on axis ${axis}`);
  });
  const shape = x.shape.map((dim, axis) => addDims(dim, (before[axis] as number) + (after[axis] as number)));
  return { dtype: x.dtype, shape };
}

function padConstant(x: TensorData, fill: TensorData, before: readonly number[], shape: readonly number[]): TypedArray {
  const result = newArray(x.dtype, elementCount(shape));
  const [source, target]: [Elements, Elements] = [x.data, result];
  const value = (fill.data as Elements)[0] as Scalar;
  for (let i = 0; i < result.length; i++) target[i] = value;
  const strides = rowMajorStrides(shape);
  const start = before.reduce((sum, count, axis) => sum + count * (strides[axis] as number), 0);
  stridedOffsets(x.shape, strides, start).forEach((offset, i) => {
    target[offset] = source[i] as Scalar;
  });
  return result;
}

const pad: OpRow<'pad'> = singleResult<'pad', 'any'>({
  kind: 'injective',
  operands: 'any',
  infer: inferPad,
  evaluate: ([x, fill], { before, mode }, { shape }) => {
    invariant(x !== undefined, 'pad was evaluated without an operand');
    if (mode === 'constant') {
      invariant(fill !== undefined, 'pad was evaluated without its padding value');
      return padConstant(x, fill, before, shape);
    }
    const strides = rowMajorStrides(x.shape);
    const tables = shape.map((length, axis) => {
      const [size, count, stride] = [x.shape[axis] as number, before[axis] as number, strides[axis] as number];
      return Int32Array.from({ length }, (_, i) => paddedIndex(size, count, i, mode) * stride);
    });
    return take(x, separableOffsets(tables));
  },
});

const concat: OpRow<'concat'> = singleResult<'concat', 'any'>({
  kind: 'injective',
  operands: 'any',
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    check(first !== undefined, () => 'takes at least one operand, has none');
    checkSameDType(inputs);
    checkAxis(axis, first);
    const fits = ({ shape }: TensorType) =>
      shape.length === first.shape.length &&
      shape.every((dim, i) => i === axis || dimEquals(dim, first.shape[i] as Dim));
    for (const input of inputs) {
      check(
        fits(input),
        () => `shapes ${printShape(first.shape)} and ${printShape(input.shape)} differ on another axis than ${axis}`,
      );
    }
    const total = inputs.reduce<Dim>((sum, { shape }) => addDims(sum, shape[axis] as Dim), 0);
    return { dtype: first.dtype, shape: first.shape.with(axis, total) };
  },
  evaluate: (inputs, { axis }, { dtype, shape }) => {
    const result = newArray(dtype, elementCount(shape));
    const [outer, row] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
    let start = 0;
    for (const { shape: own, data } of inputs) {
      const length = elementCount(own.slice(axis));
      for (let i = 0; i < outer; i++) {
        (result as Uint8Array).set((data as Uint8Array).subarray(i * length, (i + 1) * length), start + i * row);
      }
      start += length;
    }
    return result;
  },
});

export const movementRows = { slice, pad, concat };
