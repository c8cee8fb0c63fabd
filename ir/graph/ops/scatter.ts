import { printShape, shapeEquals } from '../../dim.ts';
import type { DType } from '../../dtype.ts';
import { type BinaryOp, binaryFunction, type Scalar } from '../../scalar.ts';
import { elementCount, type TensorData, type TypedArray } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import type { ScatterReduction } from '../op-attrs.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkBinary, checkFits, checkInteger, checkRank, checkSameDType } from './checks.ts';
import { decode, encode, newElements } from './elements.ts';
import { tupleOffsets, tupleSize } from './index-tuples.ts';
import { indexReader } from './indexing.ts';
import { rowMajorStrides, separableOffsets, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

function checkScatter(data: TensorType, indices: TensorType, updates: TensorType, reduction: ScatterReduction): void {
  checkInteger(indices, 'indices');
  checkSameDType([data, updates]);
  if (reduction !== 'none') checkBinary(reduction, data.dtype);
}

const combiner = (reduction: ScatterReduction, dtype: DType): ((old: Scalar, update: Scalar) => Scalar) =>
  reduction === 'none' ? (_, update) => update : binaryFunction(reduction satisfies BinaryOp, dtype);

/** A copy of `data` into which the updates go one after the other. */
function scatterInto(
  data: TensorData,
  offsets: Int32Array,
  updates: TensorData,
  reduction: ScatterReduction,
): TypedArray {
  const [source, values, combine] = [decode(data), decode(updates), combiner(reduction, data.dtype)];
  const target = newElements(data.dtype, source.length);
  for (let i = 0; i < source.length; i++) target[i] = source[i] as Scalar;
  offsets.forEach((offset, i) => {
    target[offset] = combine(target[offset] as Scalar, values[i] as Scalar);
  });
  return encode(data.dtype, target);
}

const scatterElements: OpRow<'scatter_elements'> = singleResult<'scatter_elements', 3>({
  kind: 'opaque',
  operands: 3,
  infer: ([data, indices, updates], { axis, reduction }) => {
    checkScatter(data, indices, updates, reduction);
    checkAxis(axis, data);
    checkRank(indices, data.shape.length, 'indices');
    checkFits(indices.shape, data.shape, axis);
    check(
      shapeEquals(indices.shape, updates.shape),
      () => `indices ${printShape(indices.shape)} and updates ${printShape(updates.shape)} differ in shape`,
    );
    return data;
  },
  evaluate: ([data, indices, updates], { axis, reduction }) => {
    const [strides, read, size] = [rowMajorStrides(data.shape), indexReader(indices), data.shape[axis] as number];
    const stride = strides[axis] as number;
    const offsets = stridedOffsets(indices.shape, strides.with(axis, 0)).map(
      (offset, i) => offset + read(i, size) * stride,
    );
    return scatterInto(data, offsets, updates, reduction);
  },
});

const scatterNd: OpRow<'scatter_nd'> = singleResult<'scatter_nd', 3>({
  kind: 'opaque',
  operands: 3,
  infer: ([data, indices, updates], { reduction }) => {
    checkScatter(data, indices, updates, reduction);
    const last = tupleSize(indices, data.shape.length);
    const expected = [...indices.shape.slice(0, -1), ...data.shape.slice(last)];
    check(
      shapeEquals(updates.shape, expected),
      () => `updates have shape ${printShape(updates.shape)}, expected ${printShape(expected)}`,
    );
    return data;
  },
  evaluate: ([data, indices, updates], { reduction }) => {
    const inner = elementCount(data.shape.slice(indices.shape.at(-1)));
    const starts = tupleOffsets(data.shape, indices, 0);
    const offsets = separableOffsets([starts, Int32Array.from({ length: inner }, (_, i) => i)]);
    return scatterInto(data, offsets, updates, reduction);
  },
});

export const scatterRows = { scatter_elements: scatterElements, scatter_nd: scatterNd };
