import type { DType } from './dtype.ts';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const arrays = {
  f32: Float32Array,
  f16: Uint16Array,
  f64: Float64Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** A concrete tensor, row-major and contiguous. f16 elements are their bits. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

export function newArray(dtype: DType, length: number): TypedArray {
  return new arrays[dtype](length);
}

/** A typed view on bytes that stand at any offset: copies where the offset is not aligned. */
export function arrayFromBytes(dtype: DType, bytes: Uint8Array): TypedArray {
  const type = arrays[dtype];
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new type(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}

export const bytesOf = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export function zeros(dtype: DType, shape: readonly number[]): TensorData {
  return { dtype, shape, data: newArray(dtype, elementCount(shape)) };
}
