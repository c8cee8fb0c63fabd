import { add, binary, bitcast, mul, select, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { nearestInteger } from './exponential.ts';
import { reduceLargeAngle } from './large-angle.ts';
import { flipSign, type MathBuilder, polynomial } from './math-builder.ts';

/** π/2 in four parts, the first three of twelve bits, so that their products with n ≤ 2^12 are exact. */
const HALF_PI = [1.5703125, 4.837512969970703125e-4, 7.549533620476723e-8, 2.5633440682570896e-12];
/** Up to here the parts of π/2 suffice: n stays below 2^12. */
const LARGE = 6000;
/** (sin r / r - 1) / r² in r², for |r| ≤ π/4: relative error 4e-9 of the result; fitted for this project. */
const SIN = [-0.16666655242443085, 0.008332187309861183, -0.00019517903274390846];
/** (cos r - 1 + r²/2) / r⁴ in r², for |r| ≤ π/4: relative error 1.2e-10 of the result; fitted for this project. */
const COS = [0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-5];

interface Angle {
  /** From -π/4 to π/4. */
  readonly rest: Expr;
  /** How many quarter turns to add, modulo 4. */
  readonly quarters: Expr;
}

/** An angle that is not negative. Of infinity and NaN the rest is NaN. */
function reduceAngle(b: MathBuilder, x: Expr): Angle {
  const { integer, shifted } = nearestInteger(b, mul(x, b.f32(2 / Math.PI)));
  const near = HALF_PI.reduce<Expr>((rest, part) => sub(rest, mul(integer, b.f32(part))), x);
  const isLarge = binary('gt', x, b.f32(LARGE));
  const [rest, quarters] = b.replaceWhere(isLarge, [near, shifted], (inner) => reduceLargeAngle(inner, x));
  return { rest: rest as Expr, quarters: quarters as Expr };
}

interface SineAndCosine {
  readonly sine: Expr;
  readonly cosine: Expr;
}

function ofRest(b: MathBuilder, r: Expr): SineAndCosine {
  const square = b.name(mul(r, r));
  const sine = add(r, mul(mul(polynomial(b, square, SIN), square), r));
  const fourth = mul(mul(polynomial(b, square, COS), square), square);
  const cosine = add(sub(b.f32(1), mul(b.f32(0.5), square)), fourth);
  return { sine: b.name(sine), cosine: b.name(cosine) };
}

const isOdd = (b: MathBuilder, quarters: Expr): Expr => binary('ne', binary('bitand', quarters, b.i32(1)), b.i32(0));

/** Bit `bit` of the quarters, moved to where a float has its sign. */
const signFrom = (b: MathBuilder, quarters: Expr, bit: number): Expr => binary('shl', quarters, b.i32(31 - bit));

/** At most 4 ulp off for every finite x. */
export function sin(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const { rest, quarters } = reduceAngle(b, b.name(unary('abs', x)));
  const { sine, cosine } = ofRest(b, rest);
  const value = select(isOdd(b, quarters), cosine, sine);
  return flipSign(b, flipSign(b, value, signFrom(b, quarters, 1)), bitcast(x, 'i32'));
}

/** At most 4 ulp off for every finite x. */
export function cos(b: MathBuilder, operand: Expr): Expr {
  const { rest, quarters } = reduceAngle(b, b.name(unary('abs', operand)));
  const { sine, cosine } = ofRest(b, rest);
  const value = select(isOdd(b, quarters), sine, cosine);
  return flipSign(b, value, signFrom(b, add(quarters, b.i32(1)), 1));
}

/** At most 4 ulp off for every finite x. */
export function tan(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const { rest, quarters } = reduceAngle(b, b.name(unary('abs', x)));
  const { sine, cosine } = ofRest(b, rest);
  const odd = b.name(isOdd(b, quarters));
  const quotient = binary('div', select(odd, cosine, sine), select(odd, sine, cosine));
  return flipSign(b, flipSign(b, quotient, signFrom(b, quarters, 0)), bitcast(x, 'i32'));
}
