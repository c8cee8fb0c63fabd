import { ModelInputError } from './errors.ts';
import type { DType, TensorSlot } from './manifest.ts';

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

/** A tensor, row-major and contiguous. f16 elements are their bits in a Uint16Array, bool is 0 or 1 in a Uint8Array. */
export interface Tensor<A extends TypedArray = TypedArray> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: A;
}

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

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

/** The elements of a slot, in place in the model's memory. */
export function viewSlot(memory: ArrayBufferLike, slot: TensorSlot): TypedArray {
  return new arrays[slot.dtype](memory as ArrayBuffer, slot.offset, elementCount(slot.shape));
}

const describe = (tensor: { readonly dtype: DType; readonly shape: readonly number[] }): string =>
  `${tensor.dtype}[${tensor.shape.join(', ')}]`;

/** Throws ModelInputError where a tensor does not have the slot's dtype, shape and number of elements. */
export function checkTensor(slot: TensorSlot, tensor: Tensor): void {
  const expected = `input ${JSON.stringify(slot.name)} must be ${describe(slot)}`;
  if (!Array.isArray(tensor?.shape) || !ArrayBuffer.isView(tensor.data)) {
    throw new ModelInputError(`${expected}, given as { dtype, shape, data }`);
  }
  const sameShape = tensor.shape.length === slot.shape.length && tensor.shape.every((dim, i) => dim === slot.shape[i]);
  if (tensor.dtype !== slot.dtype || !sameShape) throw new ModelInputError(`${expected}, but is ${describe(tensor)}`);
  if (!(tensor.data instanceof arrays[slot.dtype])) {
    throw new ModelInputError(
      `${expected} in a ${arrays[slot.dtype].name}, but its data is a ${tensor.data.constructor.name}`,
    );
  }
  if (tensor.data.length !== elementCount(slot.shape)) {
    throw new ModelInputError(
      `${expected}: ${elementCount(slot.shape)} elements, but its data has ${tensor.data.length}`,
    );
  }
}
