/** Element types of both IRs. `bool` is stored as one byte, 0 or 1; f16 as its 16 bits in a Uint16Array. */
export const dtypes = ['f32', 'f16', 'f64', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'bool'] as const;
export type DType = (typeof dtypes)[number];

interface DTypeRow {
  readonly bytes: number;
  readonly kind: 'float' | 'int' | 'uint' | 'bool';
}

export const dtypeTable: Readonly<Record<DType, DTypeRow>> = {
  f32: { bytes: 4, kind: 'float' },
  f16: { bytes: 2, kind: 'float' },
  f64: { bytes: 8, kind: 'float' },
  i8: { bytes: 1, kind: 'int' },
  u8: { bytes: 1, kind: 'uint' },
  i16: { bytes: 2, kind: 'int' },
  u16: { bytes: 2, kind: 'uint' },
  i32: { bytes: 4, kind: 'int' },
  u32: { bytes: 4, kind: 'uint' },
  i64: { bytes: 8, kind: 'int' },
  u64: { bytes: 8, kind: 'uint' },
  bool: { bytes: 1, kind: 'bool' },
};

export const isFloat = (dtype: DType): boolean => dtypeTable[dtype].kind === 'float';
/** 64-bit integers are held as bigint in scalars and BigInt64Array/BigUint64Array in tensors; all else as number. */
export const isBigInt = (dtype: DType): boolean => dtype === 'i64' || dtype === 'u64';
export const byteSize = (dtype: DType): number => dtypeTable[dtype].bytes;
