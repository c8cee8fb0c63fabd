import type { DType } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';

/** The lanes of every vector that the flat form has. */
export const LANES = 4;

/** What WGSL calls them. */
export const components = ['x', 'y', 'z', 'w'] as const;

/**
 * The types of WGSL that hold elements of a dtype: every narrower one takes a word of its own, and is wrapped or
 * rounded after each operation, so that a buffer's elements can be addressed one by one.
 */
const scalarTypes: Readonly<Partial<Record<DType, ScalarType>>> = {
  f32: 'f32',
  f16: 'f32',
  i8: 'i32',
  i16: 'i32',
  i32: 'i32',
  u8: 'u32',
  u16: 'u32',
  u32: 'u32',
  bool: 'bool',
};

export type ScalarType = 'f32' | 'i32' | 'u32' | 'bool';

/** Throws UnsupportedError for what WebGPU has no type for. */
export function scalarType(dtype: DType, kernel: string): ScalarType {
  const type = scalarTypes[dtype];
  if (type === undefined)
    throw new UnsupportedError([`${dtype} on WebGPU, in kernel ${kernel}: it has no 64-bit types`]);
  return type;
}

/** A bool is no type that memory can hold. */
export const storedType = (type: ScalarType): Exclude<ScalarType, 'bool'> => (type === 'bool' ? 'u32' : type);

/** A type or the vector of so many, by the alias that WGSL has for it. */
export const vectorOf = (type: ScalarType, lanes: number): string =>
  lanes === 1 ? type : type === 'bool' ? `vec${lanes}<bool>` : `vec${lanes}${type[0]}`;
