import { add, binary, bitcast, mul, select, sub } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { type MathBuilder, polynomial } from './math-builder.ts';

/** 1.5·2^23: what is added to it is rounded to an integer, which then stands in the low bits. */
export const ROUNDER = 12582912;
/** ln 2 in two parts, the first of nine bits, so that its product with an exponent is exact (Cody and Waite). */
const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
/** (e^r - 1 - r) / r² for |r| ≤ ln(2)/2: relative error 3.1e-9 of e^r; fitted for this project. */
const EXP = [0.4999999403953552, 0.1666652113199234, 0.041668254882097244, 0.008368662558495998, 0.0013821468455716968];
/** e^x is 0 below. */
const LEAST = -104;

interface Reduced {
  /** e^r, from 0.7 to 1.42. */
  readonly power: Expr;
  /** A float whose low bits are n + shift. */
  readonly rounded: Expr;
}

/** x = n·ln 2 + r */
function reduce(b: MathBuilder, x: Expr, shift: number): Reduced {
  const rounded = b.name(add(mul(x, b.f32(Math.LOG2E)), b.f32(ROUNDER + shift)));
  const n = b.name(sub(rounded, b.f32(ROUNDER + shift)));
  const r = b.name(sub(sub(x, mul(n, b.f32(LN2_HIGH))), mul(n, b.f32(LN2_LOW))));
  const power = add(add(mul(polynomial(b, r, EXP), mul(r, r)), r), b.f32(1));
  return { power, rounded };
}

const addExponent = (power: Expr, exponent: Expr): Expr => bitcast(add(bitcast(power, 'i32'), exponent), 'f32');

/**
 * power · 2^(n + scale) with the n of `rounded`, |n| ≤ 200, subnormal results and overflow included. The power of two is
 * applied in two steps: the first is exact, the second rounds once.
 */
export function scaleByPower(b: MathBuilder, power: Expr, rounded: Expr, scale: number): Expr {
  const bits = b.name(bitcast(rounded, 'i32'));
  const half = b.name(binary('shl', binary('shr', bits, b.i32(1)), b.i32(23)));
  const rest = add(sub(binary('shl', bits, b.i32(23)), half), b.i32((127 + scale) << 23));
  return mul(addExponent(power, half), bitcast(rest, 'f32'));
}

/** A NaN may leave arithmetic on its bits as a number: adding x - x, 0 for every finite x, makes it NaN again. */
const keepNaN = (value: Expr, x: Expr): Expr => add(value, sub(x, x));

/**
 * What is so small that e^x is 0 takes another way: to compute 0 from it by scaling would be arithmetic on subnormal
 * numbers, which costs processors a hundred cycles each, and masked softmax is full of it.
 */
function whereNotZero(b: MathBuilder, operand: Expr, compute: (x: Expr) => Expr): Expr {
  const operandOnce = b.name(operand);
  const vanishes = b.name(binary('lt', operandOnce, b.f32(LEAST)));
  const x = b.name(select(vanishes, b.f32(0), operandOnce));
  return select(vanishes, b.f32(0), compute(x));
}

/** e^x · 2^scale, at most 2 ulp off. */
export const exp = (b: MathBuilder, operand: Expr, scale = 0): Expr =>
  whereNotZero(b, binary('min', operand, b.f32(90)), (x) => {
    const { power, rounded } = reduce(b, x, 0);
    return keepNaN(scaleByPower(b, power, rounded, scale), x);
  });

/** e^x of an x that is not positive, for fewer operations: one shift of the exponent keeps it in range. */
export const expOfNonPositive = (b: MathBuilder, operand: Expr): Expr =>
  whereNotZero(b, operand, (x) => {
    const { power, rounded } = reduce(b, x, 64);
    const shifted = addExponent(power, binary('shl', bitcast(rounded, 'i32'), b.i32(23)));
    return keepNaN(mul(shifted, b.f32(2 ** -64)), x);
  });
