import { type DType, isBigInt, isFloat } from '../../../ir/dtype.ts';
import type { Interval } from '../../../ir/tensor/bounds.ts';
import type { Ref } from './binaryen.ts';
import { type Emitter, floats, hold, intConst, ints, isSigned, roundScalar, wrapScalar } from './emitter.ts';
import type { DivisionOp } from './helper.ts';

/** What is known of the operands of a division before it runs. */
export interface DivisionHints {
  readonly dividend?: Interval;
  readonly divisor?: number;
}

export function scalarDivision(e: Emitter, op: DivisionOp, dtype: DType, a: Ref, b: Ref, hints: DivisionHints): Ref {
  if (isFloat(dtype)) return floatDivision(e, op, dtype, a, b);
  const { divisor } = hints;
  if (divisor !== undefined && divisor > 0) return divideByConstant(e, op, dtype, a, divisor, hints.dividend);
  const name = `${op}.${isSigned(dtype) ? 's' : 'u'}${isBigInt(dtype) ? 64 : 32}` as const;
  return wrapScalar(e, dtype, e.call(name, [a, b]));
}

function divideByConstant(e: Emitter, op: DivisionOp, dtype: DType, a: Ref, divisor: number, range?: Interval): Ref {
  const i = ints(e, dtype);
  const by = () => intConst(e, dtype, divisor);
  const isQuotient = op === 'div' || op === 'floordiv';
  const rounding = op === 'floordiv' || op === 'floormod';
  const isPowerOfTwo = Number.isInteger(Math.log2(divisor));
  const natural = !isSigned(dtype) || (range !== undefined && range.min >= 0);
  if (isPowerOfTwo && (natural || rounding)) {
    // An arithmetic shift and a mask round down for negative dividends as well.
    const shift = intConst(e, dtype, Math.log2(divisor));
    if (isQuotient) return isSigned(dtype) ? i.shr_s(a, shift) : i.shr_u(a, shift);
    return i.and(a, intConst(e, dtype, divisor - 1));
  }
  if (natural) return isQuotient ? i.div_u(a, by()) : i.rem_u(a, by());
  if (!rounding) return isQuotient ? i.div_s(a, by()) : i.rem_s(a, by());
  const type = isBigInt(dtype) ? 'i64' : 'i32';
  const zero = () => intConst(e, dtype, 0);
  const dividend = hold(e, type, a);
  if (isQuotient) {
    const quotient = i.div_s(dividend.first, by());
    const below = i.lt_s(i.rem_s(dividend.again(), by()), zero());
    return i.sub(quotient, type === 'i64' ? e.m.i64.extend_u(below) : below);
  }
  const rest = hold(e, type, i.rem_s(dividend.first, by()));
  const add = i.and(i.shr_s(rest.again(), intConst(e, dtype, type === 'i64' ? 63 : 31)), by());
  return i.add(rest.first, add);
}

/** Float quotients and remainders are formed in f64, as their definition is, but for the plain quotient. */
function floatDivision(e: Emitter, op: DivisionOp, dtype: DType, a: Ref, b: Ref): Ref {
  if (op === 'div') return roundScalar(e, dtype, floats(e, dtype).div(a, b));
  const { m } = e;
  const wide = (x: Ref) => (dtype === 'f64' ? x : m.f64.promote(x));
  const narrow = (x: Ref) => (dtype === 'f64' ? x : dtype === 'f32' ? m.f32.demote(x) : e.call('f16RoundF64', [x]));
  if (op === 'floordiv') return narrow(m.f64.floor(m.f64.div(wide(a), wide(b))));
  if (op === 'mod') return narrow(e.call('fmod', [wide(a), wide(b)]));
  const [divisor, zero] = [hold(e, 'f64', wide(b)), () => m.f64.const(0)];
  const rest = hold(e, 'f64', e.call('fmod', [wide(a), divisor.first]));
  const isOther = m.i32.ne(m.f64.lt(rest.again(), zero()), m.f64.lt(divisor.again(), zero()));
  const add = m.i32.and(m.f64.ne(rest.again(), zero()), isOther);
  // `select` evaluates its condition last: the held values come first.
  const sum = m.f64.add(rest.first, divisor.again());
  return narrow(m.select(add, sum, rest.again()));
}
