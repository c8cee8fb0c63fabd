import type { DType, Tensor, TensorInfo, Tensors, TypedArray } from './api.ts';
import { ModelInputError } from './errors.ts';
import type { TensorSlot } from './manifest.ts';

export const arrays = {
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
export function viewSlot(memory: ArrayBuffer, { dtype, shape, offset }: TensorSlot): TypedArray {
  return new arrays[dtype](memory, offset, elementCount(shape));
}

/** A copy of a slot's elements. By the constructor, since `slice` fills the new memory with zeros before it copies. */
export function copySlot(memory: ArrayBuffer, slot: TensorSlot): TypedArray {
  const copyOf = arrays[slot.dtype] as new (elements: TypedArray) => TypedArray;
  return new copyOf(viewSlot(memory, slot));
}

export const describe = ({ dtype, shape }: Pick<TensorInfo, 'dtype' | 'shape'>): string =>
  `${dtype}[${shape.join(', ')}]`;

/** Throws ModelInputError where a tensor does not have the dtype, shape and number of elements that an input takes. */
export function checkTensor(input: TensorInfo, tensor: Tensor): void {
  const expected = `input ${JSON.stringify(input.name)} must be ${describe(input)}`;
  if (!Array.isArray(tensor?.shape) || !ArrayBuffer.isView(tensor.data)) {
    throw new ModelInputError(`${expected}, given as { dtype, shape, data }`);
  }
  if (describe(tensor) !== describe(input)) throw new ModelInputError(`${expected}, but is ${describe(tensor)}`);
  const [array, count] = [arrays[input.dtype], elementCount(input.shape)];
  if (!(tensor.data instanceof array)) {
    throw new ModelInputError(`${expected} in a ${array.name}, but its data is a ${tensor.data.constructor.name}`);
  }
  if (tensor.data.length !== count) {
    throw new ModelInputError(`${expected}: ${count} elements, but its data has ${tensor.data.length}`);
  }
}

/** Throws ModelInputError where inputs are missing, unknown, or not what a model takes, which `check` says of each. */
export function checkInputs(
  expected: readonly TensorInfo[],
  inputs: Tensors<Record<string, TypedArray>>,
  check = checkTensor,
): void {
  for (const name of Object.keys(inputs ?? {})) {
    if (expected.some((input) => input.name === name)) continue;
    const known = expected.map((input) => JSON.stringify(input.name)).join(', ');
    throw new ModelInputError(`the model has no input ${JSON.stringify(name)}; it has ${known || 'none'}`);
  }
  for (const input of expected) {
    const tensor = inputs?.[input.name];
    if (tensor === undefined) throw new ModelInputError(`input ${JSON.stringify(input.name)} is missing`);
    check(input, tensor);
  }
}
