import { type DType, dtypes } from '../dtype.ts';
import type { Scalar } from '../scalar.ts';

const word = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** Words of the syntax, which a bare name must not be. */
export const keywords: ReadonlySet<string> = new Set(
  'func temp for in block where init if else let var do select cast bitcast ramp broadcast extract graph constant'.split(
    ' ',
  ),
);

/** `inf` and `nan`, of some dtype, as they stand in expressions: names that read so are quoted. */
export const specialNumber = new RegExp(`^(inf|nan)(${dtypes.join('|')})?$`);

/** A name with its sigil (`%` values and buffers, `@` functions and graphs); quoted as a JSON string where it is no word. */
export const printName = (sigil: string, name: string): string =>
  sigil + (isBare(sigil, name) ? name : JSON.stringify(name));

const isBare = (sigil: string, name: string): boolean =>
  word.test(name) && (sigil !== '' || !(keywords.has(name) || specialNumber.test(name)));

/** `3` (i32), `0.5f32`, `-inff32`, `nanf32`, `1bool`: the shortest decimal that reads back as the same value. */
export function printScalar(value: Scalar, dtype: DType): string {
  const text = printNumber(value);
  return dtype === 'i32' ? text : `${text}${dtype}`;
}

/** A number without its dtype: `-0`, `0.5`, `inf`, `nan`. */
export function printNumber(value: Scalar): string {
  if (Object.is(value, -0)) return '-0';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  return value === Number.NEGATIVE_INFINITY ? '-inf' : Number.isNaN(value) ? 'nan' : String(value);
}
