import { addDims, type Dim, isStatic, multiplyDims, scaleDim } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import type { TensorType } from '../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../ir/graph/op-attrs.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { compareDims, maxDim, minDim, productOfDims, quotientOfDim } from './dim-order.ts';
import { constantOperand, dimsOperand, knownDims, type Operand, staticShape, tensorOf } from './operand.ts';

/** Applies an operator to elements that are known. */
export type Evaluate = <K extends OpName>(op: K, inputs: readonly TensorData[], attrs: OpAttrs[K]) => TensorData;

type DimFunction = (a: Dim, b: Dim) => Dim | undefined;

/** Numbers are rounded; with symbols only an exact quotient is affine. */
const wholeQuotient = (a: Dim, b: Dim, round: (quotient: number) => number): Dim | undefined =>
  isStatic(a) && isStatic(b) && b !== 0 ? round(a / b) : quotientOfDim(a, b);

const arithmetic: Readonly<Partial<Record<OpName, DimFunction>>> = {
  add: addDims,
  sub: (a, b) => addDims(a, scaleDim(b, -1)),
  mul: multiplyDims,
  div: (a, b) => wholeQuotient(a, b, Math.trunc),
  floordiv: (a, b) => wholeQuotient(a, b, Math.floor),
  min: minDim,
  max: maxDim,
};

type Decision = (a: Dim, b: Dim) => boolean | undefined;

const isLess: Decision = (a, b) => {
  const order = compareDims(a, b);
  return order === undefined || order === 'less-or-equal' ? undefined : order === 'less';
};
const isEqual: Decision = (a, b) => {
  const order = compareDims(a, b);
  if (order === 'equal') return true;
  return order === 'less' || order === 'greater' ? false : undefined;
};
const not =
  (decision: Decision): Decision =>
  (a, b) => {
    const known = decision(a, b);
    return known === undefined ? undefined : !known;
  };

const decisions: Readonly<Partial<Record<OpName, Decision>>> = {
  eq: isEqual,
  ne: not(isEqual),
  lt: isLess,
  ge: not(isLess),
  gt: (a, b) => isLess(b, a),
  le: (a, b) => not(isLess)(b, a),
};

/** The operators that move elements, and how many of their leading inputs are only indices or conditions. */
const movers: Readonly<Partial<Record<OpName, readonly ('elements' | 'control')[]>>> = {
  reshape: ['elements'],
  transpose: ['elements'],
  broadcast_to: ['elements'],
  slice: ['elements'],
  gather: ['elements', 'control'],
  select: ['control', 'elements', 'elements'],
};

/**
 * The result of an integer operator some of whose inputs are dimensions, as dimensions; undefined where it is not
 * affine, or an input is not known.
 */
export function evaluateDims<K extends OpName>(
  op: K,
  inputs: readonly Operand[],
  attrs: OpAttrs[K],
  result: TensorType,
  evaluate: Evaluate,
): Operand | undefined {
  const shape = staticShape(result.shape);
  if (shape === undefined || elementCount(shape) > 4096) return undefined;
  if (op === 'cast')
    return result.dtype === 'i64' || result.dtype === 'i32'
      ? wrap(result.dtype, shape, allKnown(inputs)?.[0])
      : undefined;
  if (op === 'concat' || movers[op] !== undefined) return move(op, inputs, attrs, evaluate);
  const known = allKnown(inputs);
  if (known === undefined) return undefined;
  if (op === 'neg')
    return wrap(
      result.dtype,
      shape,
      known[0]?.map((dim) => scaleDim(dim, -1)),
    );
  if (op === 'reduce_prod' && shape.length === 0)
    return wrap(result.dtype, shape, sequence([productOfDims(known[0] ?? [])]));
  const [left, right] = inputs
    .map((input) => move('broadcast_to', [input], { shape }, evaluate))
    .map((input) => input && knownDims(input));
  if (left === undefined || right === undefined) return undefined;
  const decide = decisions[op];
  if (decide !== undefined) {
    const truths = sequence(left.map((dim, i) => decide(dim, right[i] as Dim)));
    return truths && constantOperand(tensorOf('bool', shape, truths.map(Number)));
  }
  const combine = arithmetic[op];
  return combine && wrap(result.dtype, shape, sequence(left.map((dim, i) => combine(dim, right[i] as Dim))));
}

const wrap = (dtype: DType, shape: readonly number[], dims: readonly Dim[] | undefined): Operand | undefined =>
  dims && dimsOperand(dtype, shape, dims);

const allKnown = (inputs: readonly Operand[]): readonly (readonly Dim[])[] | undefined =>
  sequence(inputs.map(knownDims));

function sequence<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item): item is T => item !== undefined) ? items : undefined;
}

/** Lets the operator move the numbers of the elements, which says where each element goes. */
function move<K extends OpName>(
  op: K,
  inputs: readonly Operand[],
  attrs: OpAttrs[K],
  evaluate: Evaluate,
): Operand | undefined {
  const elements: Dim[] = [];
  const numbered: TensorData[] = [];
  for (const [i, input] of inputs.entries()) {
    const shape = staticShape(input.type.shape);
    if (shape === undefined) return undefined;
    if (movers[op]?.[i] === 'control') {
      if (input.kind !== 'constant') return undefined;
      numbered.push(input.data);
      continue;
    }
    const dims = knownDims(input);
    if (dims === undefined) return undefined;
    numbered.push(
      tensorOf(
        'i32',
        shape,
        dims.map((_, k) => elements.length + k),
      ),
    );
    elements.push(...dims);
  }
  const moved = evaluate(op, numbered, attrs);
  const dtype = (inputs.at(-1) as Operand).type.dtype;
  const source = op === 'gather' ? (inputs[0] as Operand).type.dtype : dtype;
  return dimsOperand(
    source,
    moved.shape,
    Array.from(moved.data as Int32Array, (id) => elements[id] as Dim),
  );
}
