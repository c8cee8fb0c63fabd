import { add, binary, bitcast, cast, mul, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { type MathBuilder, polynomial } from './math-builder.ts';

/** 1.5·2^23: what is added to it is rounded to an integer, which then stands in the low bits. */
const ROUNDER = 12582912;
/** ln 2 in two parts, the first of nine bits, so that its product with an exponent is exact (Cody and Waite). */
const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
/** e^r for |r| ≤ ln(2)/2: relative error 2.0e-9; fitted for this project. */
const EXP = [
  1, 1, 0.4999999403953552, 0.16666430234909058, 0.04166800528764725, 0.008374195545911789, 0.0013843607157468796,
]; // prettier-ignore
/** (e^r - 1) / r for |r| ≤ ln(2)/2: relative error 1.1e-8; fitted for this project. */
const EXP_MINUS_ONE = [
  1, 0.4999999701976776, 0.16666506230831146, 0.041667137295007706, 0.008369140326976776, 0.0013888872927054763,
]; // prettier-ignore
/** (2^r - 1) / r for |r| ≤ ½: relative error 1.1e-8; fitted for this project. */
const EXP2_MINUS_ONE = [
  0.6931471824645996, 0.24022649228572845, 0.05550357326865196, 0.009618237614631653, 0.0013390849344432354,
  0.00015403512225020677,
]; // prettier-ignore
/** A float is mantissa · 2^(field - BIAS), with the field in the bits from 23 on. */
const BIAS = 127;
const field = (exponent: number): number => exponent << 23;
/** The shift of integers for `scaleByPower`. So many exponents are below those of normal numbers. */
export const SCALE_SHIFT = 24;
/** Up to here, e^x · 2^SCALE_SHIFT is no larger than f32 has. */
const LARGEST_BY_ONE_SHIFT = 71;

interface NearestInteger {
  readonly integer: Expr;
  /** An i32 whose low bits are the integer + shift. */
  readonly shifted: Expr;
}

/** Of an |x| ≤ 2^22. */
export function nearestInteger(b: MathBuilder, x: Expr, shift = 0): NearestInteger {
  if (b.reassociates) {
    const integer = b.name(unary('round', x));
    return { integer, shifted: add(cast(integer, 'i32'), b.i32(shift)) };
  }
  const rounder = b.f32(ROUNDER + shift);
  const sum = b.name(add(x, rounder));
  return { integer: b.name(sub(sum, rounder)), shifted: bitcast(sum, 'i32') };
}

/** 2^n · 2^-BIAS of an integer that was found with the shift: what `shifted` has in its low bits, as a float's exponent. */
const asField = (b: MathBuilder, shifted: Expr): Expr => binary('shl', shifted, b.i32(23));

interface Reduced {
  readonly rest: Expr;
  readonly shifted: Expr;
}

/** factor·x = n·ln 2 + factor·rest, for a factor that is a power of two, or such a one negated. */
function reduce(b: MathBuilder, x: Expr, factor: number, shift: number): Reduced {
  const { integer, shifted } = nearestInteger(b, mul(x, b.f32(factor * Math.LOG2E)), shift);
  const near = sub(x, mul(integer, b.f32(LN2_HIGH / factor)));
  return { rest: b.name(sub(near, mul(integer, b.f32(LN2_LOW / factor)))), shifted };
}

/** The coefficients of p(factor·x) as a polynomial in x. */
const inTermsOf = (factor: number, coefficients: readonly number[]): readonly number[] =>
  coefficients.map((coefficient, power) => coefficient * factor ** power);

/** power · 2^shift, where that is 2^-126 or more. Of what is smaller it makes 0. */
function addToExponent(b: MathBuilder, power: Expr, shift: Expr): Expr {
  return bitcast(binary('max', add(bitcast(power, 'i32'), shift), b.i32(0)), 'f32');
}

/**
 * power · 2^n, for a power from 0.7 to 1.42 and the n of `shifted`, -230 ≤ n ≤ 200; subnormal results and overflow
 * included. The power of two is applied in two steps: the first is exact, the second rounds once. Of what is too small
 * for a subnormal number the first step makes 0, since arithmetic on subnormal numbers costs processors a hundred cycles
 * each, and masked softmax would be full of it.
 */
export function scaleByPower(b: MathBuilder, power: Expr, shifted: Expr): Expr {
  const exponent = b.name(asField(b, shifted));
  const most = b.i32(field(BIAS - SCALE_SHIFT));
  const scaled = addToExponent(b, power, binary('min', exponent, most));
  return mul(scaled, bitcast(binary('max', exponent, most), 'f32'));
}

/** e^x · 2^scale, at most 2 ulp off, for a scale of 0 or -1. Of an x known to be `most` at most it may take fewer steps. */
export function exp(b: MathBuilder, operand: Expr, scale = 0, most = Number.POSITIVE_INFINITY): Expr {
  const isSmall = most <= LARGEST_BY_ONE_SHIFT;
  const x = b.name(binary('max', isSmall ? operand : binary('min', operand, b.f32(90)), b.f32(-110)));
  const { rest, shifted } = reduce(b, x, 1, SCALE_SHIFT + scale);
  const power = polynomial(b, rest, EXP);
  const value = isSmall
    ? mul(addToExponent(b, power, asField(b, shifted)), b.f32(2 ** -SCALE_SHIFT))
    : scaleByPower(b, power, shifted);
  // A NaN may leave arithmetic on its bits as a number; rest - rest, 0 for every number, makes it NaN again.
  return add(value, sub(rest, rest));
}

interface ScaledExponential {
  /** Where x is NaN, any number. */
  readonly value: Expr;
  /** From 0.7 to 1.42, NaN where x is. */
  readonly power: Expr;
}

/** e^-x · 2^scale, where that is a normal number. */
export function expOfNegative(b: MathBuilder, x: Expr, scale: number): ScaledExponential {
  const { rest, shifted } = reduce(b, x, -1, scale);
  const power = b.name(polynomial(b, rest, inTermsOf(-1, EXP)));
  return { value: bitcast(add(bitcast(power, 'i32'), asField(b, shifted)), 'f32'), power };
}

/** (1 - 2^n) - 2^n · growth: 1 - 2^n · (1 + growth) without its cancellation, for -126 ≤ n ≤ 0. */
function oneMinusPower(b: MathBuilder, growth: Expr, shifted: Expr): Expr {
  const power = b.name(bitcast(asField(b, shifted), 'f32'));
  return sub(sub(b.f32(1), power), mul(power, growth));
}

/** 1 - e^-2x of an x from 0 to 40. */
export function oneMinusExp(b: MathBuilder, x: Expr): Expr {
  const { rest, shifted } = reduce(b, x, -2, BIAS);
  const growth = mul(polynomial(b, rest, inTermsOf(-2, EXP_MINUS_ONE)), mul(rest, b.f32(-2)));
  return oneMinusPower(b, growth, shifted);
}

/** 1 - 2^x of an x from -100 to 0. */
export function oneMinusExp2(b: MathBuilder, x: Expr): Expr {
  const { integer, shifted } = nearestInteger(b, x, BIAS);
  const rest = b.name(sub(x, integer));
  return oneMinusPower(b, mul(polynomial(b, rest, EXP2_MINUS_ONE), rest), shifted);
}
