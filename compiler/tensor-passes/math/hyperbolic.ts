import { add, binary, mul, select, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { exp } from './exponential.ts';
import { logOnePlus } from './logarithm.ts';
import { type MathBuilder, polynomial, withSignOf } from './math-builder.ts';

/** (sinh x / x - 1) / x² in x², for |x| ≤ 1: relative error 2.4e-8 of the result; fitted for this project. */
const SINH = [0.1666671633720398, 0.008330270648002625, 0.00020373340521473438];
/** From here on, x² + 1 and x² - 1 are x² in f32 by far, and may overflow. */
const LARGE = 1e8;

/** At most 4 ulp off. With t = e^|x| / 2, which overflows no earlier than the result: t - 1/(4t). */
export function sinh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(unary('abs', x));
  const t = b.name(exp(b, size, -1));
  const square = b.name(mul(size, size));
  const small = add(size, mul(mul(polynomial(b, square, SINH), square), size));
  const large = sub(t, binary('div', b.f32(0.25), t));
  return withSignOf(b, select(binary('lt', size, b.f32(1)), small, large), x);
}

/** At most 3 ulp off. */
export function cosh(b: MathBuilder, operand: Expr): Expr {
  const t = b.name(exp(b, unary('abs', operand), -1));
  return add(t, binary('div', b.f32(0.25), t));
}

/** ln(1 + x) where x is not large, else ln x + shift. */
function logOfLarge(b: MathBuilder, isLarge: Expr, x: Expr, otherwise: Expr): Expr {
  const argument = select(isLarge, x, otherwise);
  return add(logOnePlus(b, argument), select(isLarge, b.f32(Math.LN2), b.f32(0)));
}

/** At most 4 ulp off: ln(1 + |x| + x² / (1 + √(x² + 1))). */
export function asinh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(unary('abs', x));
  const isLarge = b.name(binary('gt', size, b.f32(LARGE)));
  const square = b.name(mul(size, size));
  const root = unary('sqrt', add(square, b.f32(1)));
  const argument = add(size, binary('div', square, add(b.f32(1), root)));
  return withSignOf(b, logOfLarge(b, isLarge, size, argument), x);
}

/** At most 4 ulp off: with t = x - 1, ln(1 + t + √(2t + t²)). NaN below 1. */
export function acosh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const t = b.name(sub(x, b.f32(1)));
  const isLarge = b.name(binary('gt', x, b.f32(LARGE)));
  const argument = add(t, unary('sqrt', add(mul(b.f32(2), t), mul(t, t))));
  const result = logOfLarge(b, isLarge, x, argument);
  return select(binary('lt', x, b.f32(1)), b.f32(Number.NaN), result);
}

/** At most 4 ulp off: ½ ln(1 + 2|x| / (1 - |x|)). NaN beyond ±1. */
export function atanh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(unary('abs', x));
  const argument = binary('div', mul(b.f32(2), size), sub(b.f32(1), size));
  return withSignOf(b, mul(b.f32(0.5), logOnePlus(b, argument)), x);
}
