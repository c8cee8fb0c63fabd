import type { Tensor, TensorInfo, Tensors, TypedArray } from '../api.ts';
import { ModelInputError } from '../errors.ts';
import type { ValuePlaces, WebgpuProgram } from '../manifest.ts';
import { checkInputs, checkTensor, describe, elementCount } from '../tensor.ts';
import type { GpuInputs, GpuTensor } from './api.ts';
import { toWords, type Words } from './words.ts';

/** An input as it was given: what goes to the GPU, and what to the memory of the host. */
export interface GivenInput {
  readonly info: TensorInfo;
  readonly places: ValuePlaces;
  readonly words?: Words;
  readonly elements?: TypedArray;
  /** In the place of both. */
  readonly buffer?: GPUBuffer;
}

type AnyInputs = GpuInputs<Record<string, TypedArray>>;

const isOnGpu = (tensor: Tensor | GpuTensor): tensor is GpuTensor =>
  !ArrayBuffer.isView(tensor?.data) && typeof tensor?.data?.mapAsync === 'function';

/**
 * Checks the inputs of a run, and copies what is in memory: the caller may write over its arrays afterwards. Throws
 * ModelInputError for what the model does not take.
 */
export function takeInputs(
  expected: readonly TensorInfo[],
  { inputs: places }: WebgpuProgram,
  inputs: AnyInputs,
): readonly GivenInput[] {
  checkInputs(expected, inputs as Tensors<Record<string, TypedArray>>, checkGiven);
  return expected.map((info, i) => {
    const [tensor, to] = [inputs[info.name] as Tensor | GpuTensor, places[i] as ValuePlaces];
    const given = { info, places: to };
    if (isOnGpu(tensor)) return { ...given, buffer: tensor.data };
    return {
      ...given,
      ...(to.gpu && { words: copyOf(toWords(info.dtype, tensor.data), tensor.data) }),
      ...(to.host !== undefined && { elements: tensor.data.slice() }),
    };
  });
}

const copyOf = (words: Words, data: TypedArray): Words => (words === data ? words.slice() : words);

function checkGiven(input: TensorInfo, tensor: Tensor | GpuTensor): void {
  if (!isOnGpu(tensor)) {
    checkTensor(input, tensor);
    return;
  }
  const expected = `input ${JSON.stringify(input.name)} must be ${describe(input)}`;
  if (!Array.isArray(tensor.shape) || describe(tensor) !== describe(input))
    throw new ModelInputError(`${expected}, but is ${describe(tensor)}`);
  const [{ size, usage }, needed] = [tensor.data, 4 * elementCount(input.shape)];
  if (size < needed) throw new ModelInputError(`${expected}: ${needed} bytes on the GPU, but its buffer has ${size}`);
  if ((usage & GPUBufferUsage.COPY_SRC) === 0)
    throw new ModelInputError(`${expected} in a buffer with the usage COPY_SRC, which its buffer lacks`);
}
