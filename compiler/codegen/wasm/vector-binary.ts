import { type DType, dtypeTable, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { BinaryOp } from '../../../ir/scalar.ts';
import type { Ref } from './binaryen.ts';
import { hold, isSigned } from './emitter.ts';
import { type ComparisonOp, scalarBinary } from './scalar-binary.ts';
import { int32Splat, roundVector, type VectorEmitter, wrapVector } from './vector-emitter.ts';
import { perLane } from './vector-lanes.ts';

/** What is known of the operands before they run: the scalar that a broadcast constant holds. */
export interface VectorHints {
  readonly left?: number;
  readonly right?: number;
}

/** A binary operation on the lanes of two vectors of `dtype`. A comparison's result is a mask. */
export function vectorBinary(
  e: VectorEmitter,
  op: BinaryOp,
  dtype: DType,
  a: Ref,
  b: Ref,
  hints: VectorHints = {},
): Ref {
  switch (op) {
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return compareVectors(e, op, dtype, a, b);
    case 'and':
    case 'or':
    case 'xor':
      return e.m.v128[op](a, b);
    default:
      return isFloat(dtype) ? floatBinary(e, op, dtype, a, b, hints) : integerBinary(e, op, dtype, a, b, hints.right);
  }
}

function compareVectors(e: VectorEmitter, op: ComparisonOp, dtype: DType, a: Ref, b: Ref): Ref {
  if (isFloat(dtype)) return e.m.f32x4[op](a, b);
  // Masks compare as what they stand for without a sign: all ones is the greater.
  return op === 'eq' || op === 'ne' ? e.m.i32x4[op](a, b) : e.m.i32x4[`${op}_${isSigned(dtype) ? 's' : 'u'}`](a, b);
}

function floatBinary(e: VectorEmitter, op: BinaryOp, dtype: DType, a: Ref, b: Ref, hints: VectorHints): Ref {
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return roundVector(e, dtype, e.m.f32x4[op](a, b));
    case 'min':
    case 'max':
      return extremum(e, op === 'min' ? 'pmin' : 'pmax', a, b, hints);
    case 'mod':
    case 'floordiv':
    case 'floormod':
      return perLane(e, dtype, dtype, [a, b], ([x, y]) => scalarBinary(e, op, dtype, x as Ref, y as Ref));
    default:
      invariant(false, `${op} on ${dtype}x4 reached the code generator`);
  }
}

/**
 * f32x4.min and max take several times as long as pmin and pmax, one instruction each, whose result is the left
 * operand where either one is NaN. So a constant stands on the right, and where there is none, a NaN on the right is
 * put in afterwards. Of two zeros either may be the result.
 */
function extremum(e: VectorEmitter, op: 'pmin' | 'pmax', a: Ref, b: Ref, { left, right }: VectorHints): Ref {
  const { f32x4, v128 } = e.m;
  if (right !== undefined && !Number.isNaN(right)) return f32x4[op](a, b);
  if (left !== undefined && !Number.isNaN(left)) return f32x4[op](b, a);
  const y = hold(e, 'v128', b);
  return v128.or(f32x4[op](a, y.first), f32x4.ne(y.again(), y.again()));
}

function integerBinary(e: VectorEmitter, op: BinaryOp, dtype: DType, a: Ref, b: Ref, right?: number): Ref {
  const { i32x4, v128 } = e.m;
  const sign: 's' | 'u' = isSigned(dtype) ? 's' : 'u';
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
      return wrapVector(e, dtype, i32x4[op](a, b));
    case 'bitand':
      return v128.and(a, b);
    case 'bitor':
      return v128.or(a, b);
    case 'bitxor':
      return v128.xor(a, b);
    case 'min':
      return i32x4[`min_${sign}`](a, b);
    case 'max':
      return i32x4[`max_${sign}`](a, b);
    case 'shl':
    case 'shr':
      if (right !== undefined && right >= 0 && right < dtypeTable[dtype].bytes * 8) {
        return wrapVector(e, dtype, (op === 'shl' ? i32x4.shl : i32x4[`shr_${sign}`])(a, e.m.i32.const(right)));
      }
      break;
    case 'floordiv':
    case 'floormod': {
      const shift = right === undefined || right <= 0 ? Number.NaN : Math.log2(right);
      if (!Number.isInteger(shift)) break;
      return op === 'floordiv'
        ? i32x4[`shr_${sign}`](a, e.m.i32.const(shift))
        : v128.and(a, int32Splat(e, (right as number) - 1));
    }
    case 'div':
    case 'mod':
    case 'pow':
      break;
    default:
      invariant(false, `${op} on ${dtype}x4 reached the code generator`);
  }
  const divisor = right === undefined ? {} : { divisor: right };
  return perLane(e, dtype, dtype, [a, b], ([x, y]) => scalarBinary(e, op, dtype, x as Ref, y as Ref, divisor));
}
