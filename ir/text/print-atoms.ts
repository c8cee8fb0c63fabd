import type { DType } from '../dtype.ts';
import type { Scalar } from '../scalar.ts';

const word = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** Words of the syntax, which a bare name must not be. */
export const keywords: ReadonlySet<string> = new Set(
  'func temp for in block where init if else let var select cast bitcast ramp broadcast extract graph constant'.split(
    ' ',
  ),
);

/** A name with its sigil (`%` values and buffers, `@` functions and graphs); quoted as a JSON string where it is no word. */
export const printName = (sigil: string, name: string): string =>
  sigil + (word.test(name) && (sigil !== '' || !keywords.has(name)) ? name : JSON.stringify(name));

/** `3` (i32), `0.5f32`, `-inff32`, `nanf32`, `1bool`: the shortest decimal that reads back as the same value. */
export function printScalar(value: Scalar, dtype: DType): string {
  const text = typeof value === 'bigint' ? String(value) : printNumber(value);
  return dtype === 'i32' ? text : `${text}${dtype}`;
}

function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : value < 0 ? '-inf' : 'inf';
}
