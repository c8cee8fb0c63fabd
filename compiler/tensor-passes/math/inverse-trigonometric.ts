import { add, binary, mul, select, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { type MathBuilder, polynomial, withSignOf } from './math-builder.ts';

/** (atan x / x - 1) / x² in x², for |x| ≤ tan(π/8): relative error 2.1e-8 of the result; fitted for this project. */
const ATAN = [-0.3333294689655304, 0.19977617263793945, -0.13876625895500183, 0.08050183206796646];
/** (asin x / x - 1) / x² in x², for |x| ≤ ½: relative error 4.9e-9 of the result; fitted for this project. */
const ASIN = [0.16666752099990845, 0.074953094124794, 0.04546914994716644, 0.024184778332710266, 0.042158305644989014];
const TAN_PI_8 = 0.41421356237;
const TAN_3PI_8 = 2.41421356237;

/** At most 3 ulp off. Turns the angle by π/4 or π/2 where that brings its tangent near 0. */
export function atan(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(unary('abs', x));
  const isMiddle = b.name(binary('gt', size, b.f32(TAN_PI_8)));
  const isLarge = b.name(binary('gt', size, b.f32(TAN_3PI_8)));
  const pick = (small: Expr, middle: Expr, large: Expr) => select(isLarge, large, select(isMiddle, middle, small));
  const numerator = pick(size, sub(size, b.f32(1)), b.f32(-1));
  const denominator = pick(b.f32(1), add(size, b.f32(1)), size);
  const turn = pick(b.f32(0), b.f32(Math.PI / 4), b.f32(Math.PI / 2));
  const t = b.name(binary('div', numerator, denominator));
  const square = b.name(mul(t, t));
  const angle = add(mul(mul(polynomial(b, square, ATAN), square), t), t);
  return withSignOf(b, add(turn, angle), x);
}

interface HalfAngle {
  /** Whether |x| is from ½ to 1. */
  readonly isLarge: Expr;
  /** asin |x|, or where x is large asin √((1 - |x|) / 2), the half of acos |x|. */
  readonly angle: Expr;
}

function halfAngle(b: MathBuilder, x: Expr): HalfAngle {
  const size = b.name(unary('abs', x));
  const isLarge = b.name(binary('ge', size, b.f32(0.5)));
  const square = b.name(select(isLarge, mul(sub(b.f32(1), size), b.f32(0.5)), mul(size, size)));
  const sine = b.name(select(isLarge, unary('sqrt', square), size));
  return { isLarge, angle: b.name(add(sine, mul(mul(polynomial(b, square, ASIN), square), sine))) };
}

/** At most 3 ulp off. NaN beyond ±1. */
export function asin(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const { isLarge, angle } = halfAngle(b, x);
  const large = sub(b.f32(Math.PI / 2), mul(b.f32(2), angle));
  return withSignOf(b, select(isLarge, large, angle), x);
}

/** At most 3 ulp off. NaN beyond ±1. */
export function acos(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const { isLarge, angle } = halfAngle(b, x);
  const small = sub(b.f32(Math.PI / 2), withSignOf(b, angle, x));
  const twice = b.name(mul(b.f32(2), angle));
  const large = select(binary('lt', x, b.f32(0)), sub(b.f32(Math.PI), twice), twice);
  return select(isLarge, large, small);
}
