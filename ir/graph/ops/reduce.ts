import type { Shape } from '../../dim.ts';
import { type DType, dtypeTable, isBigInt, isFloat } from '../../dtype.ts';
import { assertNever } from '../../errors.ts';
import { type BinaryOp, binaryFunction, type Scalar } from '../../scalar.ts';
import type { ReduceKind } from '../op-attrs.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkBinary } from './checks.ts';
import { accumulatorOf, decode, encode, newElements, scalarOf } from './elements.ts';
import { axesOffsets, otherAxes } from './offsets.ts';
import { singleResult } from './result.ts';

export const combineOps: Readonly<Record<ReduceKind, BinaryOp>> = { sum: 'add', prod: 'mul', max: 'max', min: 'min' };

function extreme(dtype: DType, sign: 1 | -1): Scalar {
  if (isFloat(dtype)) return sign * Number.POSITIVE_INFINITY;
  const { bytes, kind } = dtypeTable[dtype];
  const bits = BigInt(bytes * 8);
  const [low, high] = kind === 'uint' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  const value = sign < 0 ? low : high;
  return isBigInt(dtype) ? value : Number(value);
}

/** What a reduction starts from, and gives where there is nothing to reduce. */
export function reduceIdentity(kind: ReduceKind, dtype: DType): Scalar {
  switch (kind) {
    case 'sum':
      return scalarOf(dtype, 0);
    case 'prod':
      return scalarOf(dtype, 1);
    case 'max':
      return extreme(dtype, -1);
    case 'min':
      return extreme(dtype, 1);
    default:
      return assertNever(kind);
  }
}

export const reducedShape = (shape: Shape, axes: readonly number[], keepDims: boolean): Shape =>
  shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));

/** Floats accumulate in double and round once; integers wrap. A NaN stays one, in `max` and `min` too. */
const reduceRow = <K extends ReduceKind>(kind: K): OpRow<`reduce_${K}`> =>
  singleResult<`reduce_${ReduceKind}`, 1>({
    kind: 'reduction',
    operands: 1,
    infer: ([x], { axes, keepDims }) => {
      for (const axis of axes) checkAxis(axis, x);
      check(new Set(axes).size === axes.length, () => `axes [${axes.join(', ')}] name an axis twice`);
      checkBinary(combineOps[kind], x.dtype);
      return { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) };
    },
    evaluate: ([x], { axes }, { dtype }) => {
      const outer = axesOffsets(x.shape, otherAxes(x.shape.length, axes));
      const inner = axesOffsets(x.shape, axes);
      const combine = binaryFunction(combineOps[kind], accumulatorOf(dtype));
      const [source, target] = [decode(x), newElements(dtype, outer.length)];
      for (let i = 0; i < outer.length; i++) {
        const base = outer[i] as number;
        let total = reduceIdentity(kind, dtype);
        for (let j = 0; j < inner.length; j++) total = combine(total, source[base + (inner[j] as number)] as Scalar);
        target[i] = total;
      }
      return encode(dtype, target);
    },
  });

export const reduceRows = {
  reduce_sum: reduceRow('sum'),
  reduce_prod: reduceRow('prod'),
  reduce_max: reduceRow('max'),
  reduce_min: reduceRow('min'),
};
