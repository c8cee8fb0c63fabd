import { add, binary, bitcast, cast, mul, select, sub } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { type MathBuilder, polynomial } from './math-builder.ts';

/** ln 2 in two parts, the first with so few bits that its product with an exponent is exact (Cody and Waite). */
const LN2_HIGH = 0.693138122558594;
const LN2_LOW = 9.05800061445916e-6;
/** (2 artanh(s)/s - 2) / s² in s², for |s| ≤ 0.1716: relative error 2.5e-11 of ln; fitted for this project. */
export const LOG = [0.6666666269302368, 0.40000972151756287, 0.2849878966808319, 0.24279092252254486];
/** The bits of √½: a mantissa is brought between this and √2. */
const SQRT_HALF = 0x3f3504f3;
const MIN_NORMAL = 2 ** -126;

interface Binary {
  /** From √½ to √2. */
  readonly mantissa: Expr;
  readonly exponent: Expr;
}

/** x = mantissa · 2^exponent of a positive x, subnormal or not. */
export function splitExponent(b: MathBuilder, x: Expr): Binary {
  const isSubnormal = b.name(binary('lt', x, b.f32(MIN_NORMAL)));
  const scaled = b.name(bitcast(select(isSubnormal, mul(x, b.f32(2 ** 23)), x), 'i32'));
  const exponent = b.name(binary('shr', sub(scaled, b.i32(SQRT_HALF)), b.i32(23)));
  const mantissa = b.name(bitcast(sub(scaled, binary('shl', exponent, b.i32(23))), 'f32'));
  return { mantissa, exponent: b.name(add(cast(exponent, 'f32'), select(isSubnormal, b.f32(-23), b.f32(0)))) };
}

/**
 * ln x, at most 1 ulp off: with f = m - 1 and s = f / (2 + f), ln m = 2 artanh s, summed as f - (f²/2 - s·(f²/2 + R)),
 * the arrangement of FreeBSD's msun.
 */
export function log(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const { mantissa, exponent } = splitExponent(b, x);
  const f = b.name(sub(mantissa, b.f32(1)));
  const s = b.name(binary('div', f, add(b.f32(2), f)));
  const square = b.name(mul(s, s));
  const halfSquare = b.name(mul(mul(f, f), b.f32(0.5)));
  const tail = mul(s, add(halfSquare, mul(polynomial(b, square, LOG), square)));
  const low = add(tail, mul(exponent, b.f32(LN2_LOW)));
  const result = add(mul(exponent, b.f32(LN2_HIGH)), sub(f, sub(halfSquare, low)));
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  const finite = select(binary('lt', x, b.f32(inf)), result, x);
  const pole = select(binary('eq', x, b.f32(0)), b.f32(-inf), b.f32(nan));
  return select(binary('gt', x, b.f32(0)), finite, pole);
}

/** ln(1 + x) of an x that is not negative: what rounding 1 + x has lost comes back as its first-order effect. */
export function logOnePlus(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const sum = b.name(add(b.f32(1), x));
  const lost = binary('div', sub(x, sub(sum, b.f32(1))), sum);
  return add(log(b, sum), select(binary('lt', x, b.f32(1e8)), lost, b.f32(0)));
}
