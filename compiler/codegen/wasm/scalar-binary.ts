import { type DType, dtypeTable, isBigInt, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { BinaryOp } from '../../../ir/scalar.ts';
import type { Ref } from './binaryen.ts';
import { type Emitter, floats, hold, intConst, ints, isSigned, roundScalar, wrapScalar } from './emitter.ts';
import { type DivisionHints, scalarDivision } from './scalar-division.ts';
import { wasmType } from './value-type.ts';

export type ComparisonOp = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** A binary operation as ir/scalar.ts defines it, on operands of `dtype`. A comparison's result is an i32, 0 or 1. */
export function scalarBinary(e: Emitter, op: BinaryOp, dtype: DType, a: Ref, b: Ref, hints: DivisionHints = {}): Ref {
  switch (op) {
    case 'div':
    case 'mod':
    case 'floordiv':
    case 'floormod':
      return scalarDivision(e, op, dtype, a, b, hints);
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return compareScalars(e, op, dtype, a, b);
    case 'and':
    case 'or':
    case 'xor':
      return e.m.i32[op](a, b);
    default:
      return isFloat(dtype) ? floatBinary(e, op, dtype, a, b) : integerBinary(e, op, dtype, a, b, hints.divisor);
  }
}

function compareScalars(e: Emitter, op: ComparisonOp, dtype: DType, a: Ref, b: Ref): Ref {
  if (isFloat(dtype)) return floats(e, dtype)[op](a, b);
  const i = ints(e, dtype);
  return op === 'eq' || op === 'ne' ? i[op](a, b) : i[`${op}_${isSigned(dtype) ? 's' : 'u'}`](a, b);
}

function floatBinary(e: Emitter, op: BinaryOp, dtype: DType, a: Ref, b: Ref): Ref {
  const f = floats(e, dtype);
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
      return roundScalar(e, dtype, f[op](a, b));
    case 'min':
    case 'max':
      return f[op](a, b);
    default:
      invariant(false, `${op} on ${dtype} reached the code generator`);
  }
}

function integerBinary(e: Emitter, op: BinaryOp, dtype: DType, a: Ref, b: Ref, right?: number): Ref {
  const i = ints(e, dtype);
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
      return wrapScalar(e, dtype, i[op](a, b));
    case 'bitand':
      return i.and(a, b);
    case 'bitor':
      return i.or(a, b);
    case 'bitxor':
      return i.xor(a, b);
    case 'min':
    case 'max': {
      const [left, other] = [hold(e, wasmType(dtype, 1), a), hold(e, wasmType(dtype, 1), b)];
      const takesLeft = compareScalars(e, op === 'min' ? 'lt' : 'gt', dtype, left.again(), other.again());
      return e.m.select(takesLeft, left.first, other.first);
    }
    case 'shl':
    case 'shr':
      return shift(e, op, dtype, a, b, right);
    case 'pow':
      return power(e, dtype, a, b);
    default:
      invariant(false, `${op} on ${dtype} reached the code generator`);
  }
}

/** Shifts by the width or more, and by negative counts: 0, or the sign where a signed number moves right. */
function shift(e: Emitter, op: 'shl' | 'shr', dtype: DType, a: Ref, b: Ref, count?: number): Ref {
  const i = ints(e, dtype);
  const width = dtypeTable[dtype].bytes * 8;
  const shifted = (x: Ref, by: Ref) =>
    wrapScalar(e, dtype, op === 'shl' ? i.shl(x, by) : isSigned(dtype) ? i.shr_s(x, by) : i.shr_u(x, by));
  if (count !== undefined && count >= 0 && count < width) return shifted(a, b);
  const by = hold(e, wasmType(dtype, 1), b);
  const fits = () => i.lt_u(by.again(), intConst(e, dtype, width));
  if (op === 'shr' && isSigned(dtype)) {
    // `select` evaluates its condition last, so that the count is held by then.
    const clamped = e.m.select(fits(), by.first, intConst(e, dtype, width - 1));
    return shifted(a, clamped);
  }
  return e.m.select(fits(), shifted(a, by.first), intConst(e, dtype, 0));
}

function power(e: Emitter, dtype: DType, a: Ref, b: Ref): Ref {
  const name = isSigned(dtype) ? 'powS64' : 'powU64';
  if (isBigInt(dtype)) return e.call(name, [a, b]);
  const wide = (x: Ref) => (isSigned(dtype) ? e.m.i64.extend_s(x) : e.m.i64.extend_u(x));
  return wrapScalar(e, dtype, e.m.i32.wrap(e.call(name, [wide(a), wide(b)])));
}
