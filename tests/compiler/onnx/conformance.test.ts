import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { readTensorProto } from '../../../compiler/io/tensor-proto.ts';
import { decodeModel } from '../../../compiler/onnx/decode.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const archive = join(
  process.env['TILEWRIGHT_SHARED'] ?? resolve(root, '../shared'),
  'onnx-conformance',
  'node-tests.tar.gz',
);

/** The whole models take minutes in an interpreter. */
const isSmall = (path: string) => !path.startsWith('light/');

async function filesOf(bytes: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const unpack = extract();
  unpack.end(gunzipSync(bytes));
  for await (const entry of unpack) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    files.set(entry.header.name.replace(/^\.\//, ''), Buffer.concat(chunks));
  }
  return files;
}

type Tensors = Readonly<Record<string, TensorData>>;
type Verdict =
  | { readonly kind: 'passes' | 'passes with known shape operands' | 'refused' }
  | { readonly kind: 'fails'; readonly why: string };

const numbers = ({ dtype, data }: TensorData): readonly number[] =>
  Array.from(data as ArrayLike<number | bigint>, (value) =>
    dtype === 'f16' ? f16ToNumber(Number(value)) : Number(value),
  );

/** The tolerance of ONNX's own test runner. */
function difference(found: TensorData, wanted: TensorData): string | undefined {
  const type = ({ dtype, shape }: TensorData) => `${dtype}[${shape.join()}]`;
  if (type(found) !== type(wanted)) return `${type(found)}, expected ${type(wanted)}`;
  const expected = numbers(wanted);
  const wrong = numbers(found).findIndex((value, i) => {
    const other = expected[i] as number;
    return !Object.is(value, other) && value !== other && !(Math.abs(value - other) <= 1e-7 + 1e-3 * Math.abs(other));
  });
  return wrong < 0 ? undefined : `element ${wrong} is ${numbers(found)[wrong]}, expected ${expected[wrong]}`;
}

function runSet(
  model: Uint8Array,
  inputs: Tensors,
  outputs: readonly TensorData[],
  isKnown: (data: TensorData) => boolean,
): string | undefined {
  const split = (known: boolean) =>
    Object.fromEntries(Object.entries(inputs).filter(([, data]) => isKnown(data) === known));
  const fed = split(false);
  const shapes = Object.fromEntries(Object.entries(fed).map(([name, { shape }]) => [name, shape]));
  const graph = importOnnx(model, { shapes, values: split(true) });
  verifyGraph(graph);
  const results = interpretGraph(graph, fed);
  return graph.outputs.flatMap(
    ({ name }, i) => difference(results[name] as TensorData, outputs[i] as TensorData) ?? [],
  )[0];
}

const nothing = () => false;
/** What gives shapes, axes and scales are vectors and scalars. */
const vectors = ({ shape }: TensorData) => shape.length <= 1;

function verdict(files: ReadonlyMap<string, Uint8Array>, path: string): Verdict {
  const model = files.get(`${path}/model.onnx`) as Uint8Array;
  try {
    const { graph } = decodeModel(model);
    const initializers = new Set(graph.initializer.map(({ name }) => name));
    const names = graph.input.map(({ name }) => name).filter((name) => !initializers.has(name));
    const tensors = (set: string, kind: string) => {
      const list: TensorData[] = [];
      for (let file = files.get(`${set}/${kind}_0.pb`); file; file = files.get(`${set}/${kind}_${list.length}.pb`))
        list.push(readTensorProto(file).data);
      return list;
    };
    let kind: Verdict['kind'] = 'passes';
    for (let k = 0; files.has(`${path}/test_data_set_${k}/output_0.pb`); k++) {
      const set = `${path}/test_data_set_${k}`;
      const inputs = Object.fromEntries(tensors(set, 'input').map((data, i) => [names[i] as string, data]));
      const run = (isKnown: (data: TensorData) => boolean) => runSet(model, inputs, tensors(set, 'output'), isKnown);
      let why: string | undefined;
      try {
        why = run(nothing);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        why = run(vectors);
        kind = 'passes with known shape operands';
      }
      if (why !== undefined) return { kind: 'fails', why };
    }
    return { kind };
  } catch (error) {
    if (error instanceof UnsupportedError) return { kind: 'refused' };
    return { kind: 'fails', why: String(error) };
  }
}

describe.skipIf(!existsSync(archive))("ONNX's node tests, imported and interpreted", () => {
  const verdicts = new Map<string, Verdict>();

  beforeAll(async () => {
    const files = await filesOf(readFileSync(archive));
    for (const file of files.keys()) {
      const path = dirname(file);
      if (file.endsWith('/model.onnx') && isSmall(path)) verdicts.set(path, verdict(files, path));
    }
  }, 60_000);

  const count = (kind: Verdict['kind']) => [...verdicts.values()].filter((found) => found.kind === kind).length;

  test('none fails', () => {
    expect([...verdicts].flatMap(([path, found]) => (found.kind === 'fails' ? [`${path}: ${found.why}`] : []))).toEqual(
      [],
    );
  });

  test('most pass', () => {
    expect(count('passes')).toBeGreaterThanOrEqual(680);
    expect(count('passes with known shape operands')).toBeGreaterThanOrEqual(170);
  });
});
