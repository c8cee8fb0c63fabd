import { add, binary, mul, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { expOfNegative, oneMinusExp, oneMinusExp2 } from './exponential.ts';
import { type MathBuilder, polynomial, withSignOf } from './math-builder.ts';

/** log2(erfc x) / x for 0 ≤ x ≤ 4: relative error 4e-9 in erf x; fitted for this project. */
const LOG2_ERFC = [
  -1.6279070377349854, -0.9184476137161255, -0.14827704429626465, 0.027631975710392, 0.0002314945450052619,
  -0.002405098406597972, 0.0009130351827479899, -0.00016973240417428315, 0.0000133553248400383,
]; // prettier-ignore
/** e^-x is at most 2^151 where sigmoid x is not 0: scaled by this, it is a normal number. */
const SIGMOID_SCALE = -24;

/**
 * 1 / (1 + e^-x), at most 3 ulp off, by scaling both sides of the quotient. From 40 on, e^-x is no part of the sum;
 * below -104, the result is 0.
 */
export function sigmoid(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(binary('max', binary('min', operand, b.f32(40)), b.f32(-104)));
  const { value, power } = expOfNegative(b, x, SIGMOID_SCALE);
  const one = b.f32(2 ** SIGMOID_SCALE);
  // The power is greater, unless it is NaN.
  return binary('div', binary('min', power, one), add(one, value));
}

/** At most 3 ulp off: with t = 1 - e^-2|x|, t / (2 - t). From 10 on, it is 1. */
export function tanh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const t = b.name(oneMinusExp(b, b.name(binary('min', unary('abs', x), b.f32(10)))));
  return withSignOf(b, binary('div', t, sub(b.f32(2), t)), x);
}

/** At most 3 ulp off: 1 - 2^(log2 erfc |x|). From 4 on, it is 1. */
export function erf(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(binary('min', unary('abs', x), b.f32(4)));
  const logarithm = b.name(mul(polynomial(b, size, LOG2_ERFC), size));
  return withSignOf(b, oneMinusExp2(b, logarithm), x);
}
