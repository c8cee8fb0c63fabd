import { add, binary, bitcast, cast, mul, select, sub } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { leadingBits, type MathBuilder } from './math-builder.ts';

/** The binary digits of 2/π after the point, 32 a word, after 32 zeros. */
const TWO_OVER_PI = [0x0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];
const WINDOW = 4;
/** π/2 in units of the last bit of the fraction's first word, and its first twelve bits. */
const UNIT = (Math.PI / 2) * 2 ** -32;
const UNIT_HIGH = 1.5703125 * 2 ** -32;

/**
 * The rest in [-π/4, π/4] and the number of quarter turns of an angle of 2048 or more (Payne and Hanek). The angle is
 * m·2^s with a mantissa of 24 bits; of 2/π·2^s only the 96 bits from the weight 2^1 on matter modulo 4, and the product
 * of the two is formed in limbs of 16 bits.
 */
export function reduceLargeAngle(b: MathBuilder, x: Expr): readonly [rest: Expr, quarters: Expr] {
  const bits = b.name(bitcast(x, 'u32'));
  const mantissa = b.name(binary('bitor', binary('bitand', bits, b.u32(0x7fffff)), b.u32(0x800000)));
  const product = multiply(b, windowOf(b, bits), mantissa);
  const [, , p2, p3, p4, p5] = product as [Expr, Expr, Expr, Expr, Expr, Expr];
  const top = b.name(join(b, p5, p4));
  const middle = b.name(join(b, p3, p2));
  // As a signed number the fraction's first word is the fraction rounded to the nearest quarter turn, less itself.
  const high = b.name(bitcast(binary('bitor', binary('shl', top, b.u32(2)), binary('shr', middle, b.u32(30))), 'i32'));
  const low = binary('shl', middle, b.u32(2));
  const nearest = b.name(cast(high, 'f32'));
  const leading = b.name(leadingBits(b, nearest));
  const lost = cast(sub(high, cast(nearest, 'i32')), 'f32');
  const small = b.name(add(sub(nearest, leading), add(lost, mul(cast(low, 'f32'), b.f32(2 ** -32)))));
  const rest = add(mul(leading, b.f32(UNIT_HIGH)), add(mul(leading, b.f32(UNIT - UNIT_HIGH)), mul(small, b.f32(UNIT))));
  const wholeTurns = binary('shr', top, b.u32(30));
  const quarters = add(bitcast(wholeTurns, 'i32'), select(binary('lt', high, b.i32(0)), b.i32(1), b.i32(0)));
  const isFinite = binary('lt', x, b.f32(Number.POSITIVE_INFINITY));
  return [select(isFinite, rest, b.f32(Number.NaN)), quarters];
}

const join = (b: MathBuilder, high: Expr, low: Expr): Expr => binary('bitor', binary('shl', high, b.u32(16)), low);

/** Six limbs of 2/π·2^s modulo 4, the least first. */
function windowOf(b: MathBuilder, bits: Expr): readonly Expr[] {
  const start = b.name(sub(binary('shr', bits, b.u32(23)), b.u32(120)));
  const index = b.name(binary('shr', start, b.u32(5)));
  const shift = b.name(binary('bitand', start, b.u32(31)));
  const back = b.name(sub(b.u32(32), shift));
  const wordAt = (offset: number): Expr => {
    const candidates = TWO_OVER_PI.slice(offset, TWO_OVER_PI.length - WINDOW + 1 + offset);
    const [first, ...rest] = candidates.map((word) => b.u32(word)) as [Expr, ...Expr[]];
    const pick = (chosen: Expr, word: Expr, i: number) => select(binary('eq', index, b.u32(i + 1)), word, chosen);
    return b.name(rest.reduce(pick, first));
  };
  const words = Array.from({ length: WINDOW }, (_, offset) => wordAt(offset));
  const shifted = words.slice(1).map((word, i) => {
    const left = binary('shl', words[i] as Expr, shift);
    return b.name(binary('bitor', left, binary('shr', word, back)));
  });
  return [...shifted]
    .reverse()
    .flatMap((word) => [b.name(binary('bitand', word, b.u32(0xffff))), b.name(binary('shr', word, b.u32(16)))]);
}

/** The product of six limbs and a number of 24 bits, modulo 2^96. */
function multiply(b: MathBuilder, limbs: readonly Expr[], factor: Expr): readonly Expr[] {
  const [low, high] = [b.name(binary('bitand', factor, b.u32(0xffff))), b.name(binary('shr', factor, b.u32(16)))];
  const product: Expr[] = [];
  let carry: Expr = b.u32(0);
  for (const limb of limbs) {
    const lower = b.name(mul(limb, low));
    const sum = b.name(add(binary('bitand', lower, b.u32(0xffff)), carry));
    product.push(b.name(binary('bitand', sum, b.u32(0xffff))));
    // What goes on to the next limb is less than 2^26.
    carry = b.name(add(add(binary('shr', sum, b.u32(16)), binary('shr', lower, b.u32(16))), mul(limb, high)));
  }
  return product;
}
