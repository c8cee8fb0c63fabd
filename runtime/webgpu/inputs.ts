import type { Tensor, TensorInfo, Tensors, TypedArray } from '../api.ts';
import { ModelInputError } from '../errors.ts';
import type { ValuePlaces, WebgpuProgram } from '../manifest.ts';
import { checkInputs, checkTensor, describe, elementCount } from '../tensor.ts';
import type { GpuInputs, GpuTensor } from './api.ts';
import { gpuBytes } from './words.ts';

/** An input as it was given: elements in memory, or a buffer of the GPU. */
export interface GivenInput {
  readonly info: TensorInfo;
  readonly places: ValuePlaces;
  readonly elements?: TypedArray;
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
  halves: boolean,
): readonly GivenInput[] {
  checkInputs(expected, inputs as Tensors<Record<string, TypedArray>>, (info, tensor) =>
    checkGiven(info, tensor, halves),
  );
  return expected.map((info, i) => {
    const [tensor, to] = [inputs[info.name] as Tensor | GpuTensor, places[i] as ValuePlaces];
    const given = { info, places: to };
    return isOnGpu(tensor) ? { ...given, buffer: tensor.data } : { ...given, elements: tensor.data.slice() };
  });
}

function checkGiven(input: TensorInfo, tensor: Tensor | GpuTensor, halves: boolean): void {
  if (!isOnGpu(tensor)) {
    checkTensor(input, tensor);
    return;
  }
  const expected = `input ${JSON.stringify(input.name)} must be ${describe(input)}`;
  if (!Array.isArray(tensor.shape) || describe(tensor) !== describe(input))
    throw new ModelInputError(`${expected}, but is ${describe(tensor)}`);
  const [{ size, usage }, needed] = [tensor.data, gpuBytes(input.dtype, elementCount(input.shape), halves)];
  if (size < needed) throw new ModelInputError(`${expected}: ${needed} bytes on the GPU, but its buffer has ${size}`);
  if ((usage & GPUBufferUsage.COPY_SRC) === 0)
    throw new ModelInputError(`${expected} in a buffer with the usage COPY_SRC, which its buffer lacks`);
}
