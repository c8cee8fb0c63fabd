import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { Model } from '../../runtime/api.ts';
import { randomTensor } from '../io/random-inputs.ts';
import { readTensorFolder } from '../io/tensor-folder.ts';

/** The inputs of a run: those that a folder holds, the others random from a fixed seed. */
export async function gatherInputs(
  model: Model,
  folder: string | undefined,
): Promise<Readonly<Record<string, TensorData>>> {
  const { inputs } = model.info();
  const given =
    folder === undefined
      ? {}
      : await readTensorFolder(
          folder,
          'input',
          inputs.map((input) => input.name),
        );
  const next = randomSource(1);
  return Object.fromEntries(inputs.map((input) => [input.name, given[input.name] ?? randomTensor(input, next)]));
}
