import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { Model, TensorInfo } from '../../runtime/api.ts';
import { randomTensor } from '../io/random-inputs.ts';
import { readTensorFolder } from '../io/tensor-folder.ts';

type Tensors = Readonly<Record<string, TensorData>>;

/** The inputs of a run: those that a folder holds, the others random from a seed. */
export async function readInputs(
  inputs: readonly TensorInfo[],
  folder: string | undefined,
  seed = 1,
): Promise<Tensors> {
  const names = inputs.map((input) => input.name);
  const given = folder === undefined ? {} : await readTensorFolder(folder, 'input', names);
  const next = randomSource(seed);
  return Object.fromEntries(inputs.map((input) => [input.name, given[input.name] ?? randomTensor(input, next)]));
}

/** The inputs of a model that is loaded, from a fixed seed. */
export const gatherInputs = (model: Model, folder: string | undefined): Promise<Tensors> =>
  readInputs(model.info().inputs, folder);
