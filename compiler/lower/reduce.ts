import type { Dim, Shape } from '../../ir/dim.ts';
import { type DType, dtypeTable, isBigInt, isFloat } from '../../ir/dtype.ts';
import type { NodeOf } from '../../ir/graph/graph.ts';
import type { ReduceKind } from '../../ir/graph/op-attrs.ts';
import type { BinaryOp } from '../../ir/scalar.ts';
import { add, binary, cast, constant, dimExpr, int, load, mul, select, store, sub } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { accumulatorOf, type Lowering, type LoweringContext } from './lowering.ts';

const combineOp: Readonly<Record<ReduceKind, BinaryOp>> = { sum: 'add', prod: 'mul', max: 'max', min: 'min' };

/** The value that changes nothing: 0, 1, or the end of the dtype's range. */
export function reduceIdentity(kind: ReduceKind, dtype: DType): Expr {
  const number = (value: number): Expr => constant(isBigInt(dtype) ? BigInt(value) : value, dtype);
  if (kind === 'sum') return number(0);
  if (kind === 'prod') return number(1);
  return lowestOrHighest(dtype, kind === 'max');
}

/** A maximum is an element: nothing is to be rounded. */
const totalOf = (kind: ReduceKind, dtype: DType): DType =>
  kind === 'sum' || kind === 'prod' ? accumulatorOf(dtype) : dtype;

/** The lowest (or highest) value of a dtype; infinite for floats. */
export function lowestOrHighest(dtype: DType, lowest: boolean): Expr {
  if (isFloat(dtype)) return constant(lowest ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, dtype);
  if (dtype === 'bool') return constant(lowest ? 0 : 1, dtype);
  const { bytes, kind } = dtypeTable[dtype];
  const bits = BigInt(bytes * 8);
  const [low, high] = kind === 'uint' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  const end = lowest ? low : high;
  return constant(isBigInt(dtype) ? end : Number(end), dtype);
}

/** Where the reduced axes' indices stand among the kept ones, for reading the operand. */
function operandIndices(
  rank: number,
  axes: readonly number[],
  keepDims: boolean,
  spatial: readonly Expr[],
  reduce: readonly Expr[],
): readonly Expr[] {
  let kept = 0;
  return Array.from({ length: rank }, (_, axis) => {
    const position = axes.indexOf(axis);
    if (position >= 0) {
      if (keepDims) kept++;
      return reduce[position] as Expr;
    }
    return spatial[kept++] as Expr;
  });
}

const reduction =
  (kind: ReduceKind): Lowering<`reduce_${ReduceKind}`> =>
  (node, context) => {
    const source = context.operand(node.inputs[0] as string);
    const { axes, keepDims } = node.attrs;
    const { shape, dtype } = source.type;
    const domain = axes.map((axis) => shape[axis] as Dim);
    // bool has no min and max of its own: they are and and or.
    const op = dtype === 'bool' ? (kind === 'max' ? 'or' : 'and') : combineOp[kind];
    context.reduce(node, domain, reduceIdentity(kind, totalOf(kind, dtype)), (old, spatial, reduce) =>
      binary(op, old, cast(source.at(operandIndices(shape.length, axes, keepDims, spatial, reduce)), old.dtype)),
    );
  };

/** Keeps the best element in a buffer beside the index; a NaN is better than any number, as numpy has it. */
function argReduction(node: NodeOf<'argmax'> | NodeOf<'argmin'>, context: LoweringContext): void {
  const source = context.operand(node.inputs[0] as string);
  const { axis, keepDims, selectLast } = node.attrs;
  const { shape, dtype } = source.type;
  const target = context.result(node);
  const best = context.temp(`${node.op}_best`, { dtype, shape: target.shape });
  const better: BinaryOp = node.op === 'argmax' ? (selectLast ? 'ge' : 'gt') : selectLast ? 'le' : 'lt';
  context.block(node.op, { spatial: target.shape, reduce: [shape[axis] as Dim] }, (spatial, [position]) => {
    const index = position as Expr;
    const element = source.at(operandIndices(shape.length, [axis], keepDims, spatial, [index]));
    const old = load(best, spatial);
    const first = binary('eq', index, int(0));
    const take = binary('or', first, binary(better, element, old));
    return {
      body: {
        kind: 'if',
        cond: isFloat(dtype) ? binary('or', take, nanWins(element, old, selectLast)) : take,
        then: {
          kind: 'seq',
          stmts: [store(best, spatial, element), store(target, spatial, cast(index, 'i64'))],
        },
      },
    };
  });
}

function nanWins(element: Expr, old: Expr, selectLast: boolean): Expr {
  const isNaN = (x: Expr): Expr => binary('ne', x, x);
  return selectLast ? isNaN(element) : binary('and', isNaN(element), binary('eq', old, old));
}

const windowed =
  (kind: 'sum' | 'max'): Lowering<'window_sum' | 'window_max'> =>
  (node, context) => {
    const source = context.operand(node.inputs[0] as string);
    const { window, strides, dilations } = node.attrs;
    const op = combineOp[kind];
    context.reduce(node, window, reduceIdentity(kind, totalOf(kind, source.type.dtype)), (old, spatial, reduce) => {
      const places = spatial.map((index, axis) =>
        windowIndex(index, reduce[axis] as Expr, strides[axis] as number, dilations[axis] as number),
      );
      return binary(op, old, cast(source.at(places), old.dtype));
    });
  };

/** index·stride + offset·dilation, without the factors that are 1. */
export function windowIndex(index: Expr, offset: Expr, stride: number, dilation: number): Expr {
  const scaled = (x: Expr, factor: number): Expr => (factor === 1 ? x : mul(x, int(factor)));
  return add(scaled(index, stride), scaled(offset, dilation));
}

/** Runs along the axis in order: each element is the one before it combined with the next of the operand. */
const scan =
  (kind: 'sum' | 'prod'): Lowering<'cumsum' | 'cumprod'> =>
  (node, context) => {
    const source = context.operand(node.inputs[0] as string);
    const { axis, exclusive, reverse } = node.attrs;
    const dtype = accumulatorOf(source.type.dtype);
    context.accumulate(node, dtype, (total) => {
      const size = dimExpr(total.shape[axis] as Dim);
      const others: Shape = total.shape.map((dim, i) => (i === axis ? 1 : dim));
      context.block(node.op, { spatial: others, reduce: [total.shape[axis] as Dim] }, (spatial, [position]) => {
        const step = position as Expr;
        const along = (offset: number): readonly Expr[] => {
          const moved = add(step, int(offset));
          return spatial.map((index, i) => (i === axis ? (reverse ? sub(sub(size, int(1)), moved) : moved) : index));
        };
        const element = (offset: number): Expr => cast(source.at(along(offset)), dtype);
        const identity = reduceIdentity(kind, dtype);
        const first = binary('eq', step, int(0));
        const before = select(first, identity, load(total, along(-1)));
        const operand = exclusive ? select(first, identity, element(-1)) : element(0);
        return { body: store(total, along(0), binary(combineOp[kind], before, operand)) };
      });
    });
  };

export const reduceLowerings = {
  reduce_sum: reduction('sum'),
  reduce_prod: reduction('prod'),
  reduce_max: reduction('max'),
  reduce_min: reduction('min'),
  argmax: argReduction satisfies Lowering<'argmax'>,
  argmin: argReduction satisfies Lowering<'argmin'>,
  window_sum: windowed('sum'),
  window_max: windowed('max'),
  cumsum: scan('sum'),
  cumprod: scan('prod'),
};
