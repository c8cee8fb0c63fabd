import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompilerError } from '../../ir/errors.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { readNpy } from './npy.ts';
import { readTensorProto } from './tensor-proto.ts';

/**
 * Reads tensors from a folder: `input_0.pb`, `input_1.pb`, … (or `output_…`) stand for the names by their order, as in
 * ONNX's test data; `NAME.npy` for the tensor of that name. Names without a file are left out.
 */
export async function readTensorFolder(
  folder: string,
  kind: 'input' | 'output',
  names: readonly string[],
): Promise<Readonly<Record<string, TensorData>>> {
  const present = new Set(await listFolder(folder));
  const entries = await Promise.all(
    names.map(async (name, i): Promise<readonly (readonly [string, TensorData])[]> => {
      const [proto, npy] = [`${kind}_${i}.pb`, `${name.replaceAll(/[/\\]/g, '_')}.npy`];
      if (present.has(proto)) return [[name, readTensorProto(await readFile(join(folder, proto))).data]];
      return present.has(npy) ? [[name, readNpy(await readFile(join(folder, npy)))]] : [];
    }),
  );
  return Object.fromEntries(entries.flat());
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new CompilerError(`cannot read the folder ${folder}: ${(error as Error).message}`, { cause: error });
  }
}
