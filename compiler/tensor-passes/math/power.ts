import { add, binary, bitcast, mul, select, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { nearestInteger, SCALE_SHIFT, scaleByPower } from './exponential.ts';
import { LOG, splitExponent } from './logarithm.ts';
import { leadingBits, type MathBuilder, polynomial } from './math-builder.ts';

/** 1/ln 2 in two parts, the first of twelve bits. */
const LOG2_E_HIGH = 1.4423828125;
const LOG2_E_LOW = 3.1222838896340733e-4;
/** As LOG, of log2. */
const LOG2 = LOG.map((coefficient) => coefficient * Math.LOG2E);
/** (2^r - 1) / r for |r| ≤ ½: relative error 3e-9 of 2^r; fitted for this project. */
const EXP2 = [
  0.6931471824645996, 0.24022647738456726, 0.05550359562039375, 0.009618503041565418, 0.0013390997191891074,
  0.00015327802975662053,
]; // prettier-ignore
/** 2^p is 0 or infinite beyond. */
const MOST = 200;

/** A value as the sum of two floats, the first of which has so few bits that products with another such are exact. */
interface Pair {
  readonly high: Expr;
  readonly low: Expr;
}

function split(b: MathBuilder, value: Expr): Pair {
  const x = b.name(value);
  const high = b.name(leadingBits(b, x));
  return { high, low: b.name(sub(x, high)) };
}

/**
 * log2 of a positive x to 31 bits and more after the point: with f = m - 1 and s = f / (m + 1), which is formed as a
 * pair, 2 artanh(s) / ln 2. The first step alone needs more than f32, since the rest is smaller by s² / 3.
 */
function log2(b: MathBuilder, x: Expr): Pair {
  const { mantissa, exponent } = splitExponent(b, x);
  const f = b.name(sub(mantissa, b.f32(1)));
  const sum = split(b, add(mantissa, b.f32(1)));
  const lost = sub(mantissa, sub(add(sum.high, sum.low), b.f32(1)));
  const divisor = b.name(add(sum.high, sum.low));
  const s = b.name(leadingBits(b, binary('div', f, divisor)));
  const remainder = sub(sub(sub(f, mul(s, sum.high)), mul(s, sum.low)), mul(s, lost));
  const sLow = b.name(binary('div', remainder, divisor));
  const whole = b.name(add(s, sLow));
  const square = b.name(mul(whole, whole));
  const tail = mul(mul(polynomial(b, square, LOG2), square), whole);
  const double = b.name(mul(s, b.f32(2)));
  const first = b.name(mul(double, b.f32(LOG2_E_HIGH)));
  const rest = add(add(mul(double, b.f32(LOG2_E_LOW)), mul(sLow, b.f32(2 * Math.LOG2E))), tail);
  const high = b.name(add(exponent, first));
  const low = b.name(add(sub(first, sub(high, exponent)), rest));
  const top = b.name(leadingBits(b, add(high, low)));
  return { high: top, low: b.name(add(sub(high, top), low)) };
}

/** |x|^y of a finite |x| that is not 0: 2^(y · log2 |x|). */
function magnitude(b: MathBuilder, size: Expr, exponent: Expr): Expr {
  // From 2^40 on, y only tells the direction: log2 of the float next to 1 is 2^-24.
  const y = b.name(binary('max', binary('min', exponent, b.f32(2 ** 40)), b.f32(-(2 ** 40))));
  const logarithm = log2(b, size);
  const parts = split(b, y);
  const clamp = (x: Expr, most: number) => b.name(binary('max', binary('min', x, b.f32(most)), b.f32(-most)));
  const high = clamp(mul(parts.high, logarithm.high), MOST - 1);
  const low = clamp(add(mul(parts.low, logarithm.high), mul(y, logarithm.low)), 1);
  const { integer, shifted } = nearestInteger(b, add(high, low), SCALE_SHIFT);
  const r = b.name(add(sub(high, integer), low));
  const power = add(mul(polynomial(b, r, EXP2), r), b.f32(1));
  return scaleByPower(b, power, shifted);
}

/** x^y as C's pow, at most 4 ulp off. */
export function pow(b: MathBuilder, left: Expr, right: Expr): Expr {
  return ofSmallExponent(b, left, right) ?? generalPower(b, left, right);
}

function generalPower(b: MathBuilder, left: Expr, right: Expr): Expr {
  const [x, y] = [b.name(left), b.name(right)];
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  const [zero, one] = [b.f32(0), b.f32(1)];
  const size = b.name(unary('abs', x));
  const isFinite = b.name(binary('lt', size, b.f32(inf)));
  const isWhole = b.name(binary('eq', unary('floor', y), y));
  const half = b.name(mul(y, b.f32(0.5)));
  const isOdd = binary('and', isWhole, binary('ne', unary('floor', half), half));
  const extreme = select(binary('gt', y, zero), size, binary('div', one, size));
  const isOrdinary = binary('and', isFinite, binary('gt', size, zero));
  const absolute = select(isOrdinary, magnitude(b, size, y), extreme);
  const sign = select(isOdd, binary('bitand', bitcast(x, 'i32'), b.i32(-0x80000000)), b.i32(0));
  const signed = bitcast(binary('bitxor', bitcast(absolute, 'i32'), sign), 'f32');
  const isNegative = binary('and', binary('lt', x, zero), isFinite);
  const isUndefined = binary('and', isNegative, unary('not', isWhole));
  const hasNaN = binary('or', unary('isnan', x), unary('isnan', y));
  const defined = select(binary('or', isUndefined, hasNaN), b.f32(nan), signed);
  return select(binary('or', binary('eq', y, zero), binary('eq', x, one)), one, defined);
}

/** The exponents that have a shorter way, which is exact or rounds once or twice. */
function ofSmallExponent(b: MathBuilder, left: Expr, right: Expr): Expr | undefined {
  const exponent = right.kind === 'broadcast' ? right.value : right;
  if (exponent.kind !== 'const') return undefined;
  const x = b.name(left);
  switch (Number(exponent.value)) {
    case 1:
      return x;
    case 2:
      return mul(x, x);
    case 3:
      return mul(mul(x, x), x);
    case -1:
      return binary('div', b.f32(1), x);
    case 0.5: {
      // The powers of -0 and -∞ have no sign.
      const { NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number;
      return select(binary('eq', x, b.f32(least)), b.f32(most), unary('sqrt', add(x, b.f32(0))));
    }
    default:
      return undefined;
  }
}
