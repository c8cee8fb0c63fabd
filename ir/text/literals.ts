import { type DType, isBigInt, isFloat } from '../dtype.ts';
import { roundTo, type Scalar } from '../scalar.ts';
import { specialNumber } from './print-atoms.ts';

/** The name that a token of a bare or quoted name, with or without its sigil, stands for; undefined for a bad escape. */
export function nameIn(image: string): string | undefined {
  const bare = image.startsWith('%') || image.startsWith('@') ? image.slice(1) : image;
  return bare.startsWith('"') ? stringIn(bare) : bare;
}

function stringIn(json: string): string | undefined {
  try {
    return JSON.parse(json) as string;
  } catch {
    return undefined;
  }
}

const literal = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(.*)$/;

/** `0.5f32` as its digits, `inf` or `nan` and the text of its dtype, '' where there is none. */
export function splitNumber(image: string): readonly [digits: string, dtype: string] {
  const [, digits = image, dtype = ''] = (specialNumber.exec(image) ?? literal.exec(image) ?? []) as readonly string[];
  return [digits, dtype];
}

/** The value of a number in a dtype: f32 and f16 round, as in any program; undefined where it is no value of the dtype. */
export function readScalar(digits: string, negative: boolean, dtype: DType): Scalar | undefined {
  if (isBigInt(dtype)) {
    if (!/^\d+$/.test(digits)) return undefined;
    const value = negative ? -BigInt(digits) : BigInt(digits);
    return roundTo(dtype)(value) === value ? value : undefined;
  }
  const magnitude = digits === 'inf' ? Number.POSITIVE_INFINITY : Number(digits);
  const value = negative ? -magnitude : magnitude;
  const rounded = roundTo(dtype)(value);
  if (!isFloat(dtype)) return rounded === value ? rounded : undefined;
  return Number.isFinite(value) && !Number.isFinite(rounded) ? undefined : rounded;
}
