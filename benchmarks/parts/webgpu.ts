import { importOnnx } from '../../compiler/onnx/import.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { hasChromium } from '../../tests/chromium.ts';
import type { Output, Workload } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { quantile } from '../measure.ts';
import { buildModel } from '../models/model-builder.ts';
import { randomFloats, randomStream } from '../models/random.ts';
import { trainedModels } from '../models/suite.ts';
import { digits } from '../report/format.ts';
import type { Report } from '../report/results.ts';
import { measureInBrowser } from '../webgpu/browser.ts';
import type { PageCase } from '../webgpu/page.ts';
import { named } from './named.ts';

const MODELS = ['squeezenet_fp32', 'stories260k'];
const MATMUL = { id: 'matmul_512', size: 512 };
const TURNS = 12;

const METHOD = [
  'All in one page of a headless Chromium, on the adapter named below, in turns of two runs of which the first does not count; medians of a run from inputs in JavaScript to outputs in JavaScript. onnxruntime-web by its WebGPU backend, one thread for what it leaves to the processor.',
  'naive: a shader with one element of the result an invocation, 16 x 16 of them a workgroup.',
  'Before any time is taken, answers are compared with those of the reference: |a − b| ≤ 1e-3 + 1e-2·|b|. Ours is not timed with a wrong one; a peer is, and the table says what is wrong.',
  'First run: after loading, which makes all pipelines.',
];

/** WebGPU in a browser against onnxruntime-web and a naive shader, on the same adapter. */
export async function webgpuInBrowser(names: readonly string[]): Promise<Report> {
  if (!hasChromium) throw new Error('no Chromium is installed: set CHROMIUM to one');
  const models = (await trainedModels()).filter(({ id }) => MODELS.includes(id));
  const all = [await matmul(), ...(await Promise.all(models.map(async ({ id, load }) => ({ id, ...(await load()) }))))];
  const workloads = named(all, names);
  const files: Record<string, Uint8Array> = {};
  const cases: PageCase[] = [];
  for (const { id, model, inputs, outputs } of workloads) {
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const graph = importOnnx(model, { shapes });
    const compiled = await compile(graph, { targets: ['webgpu'] });
    files[`/model/${id}.onnx`] = model;
    for (const [name, bytes] of Object.entries(compiled.files)) files[`/artifact/${id}/${name}`] = bytes;
    cases.push({
      id,
      turns: TURNS,
      inputs: Object.entries(inputs).map(([name, { dtype, shape, data }]) => ({
        name,
        dtype,
        shape,
        data: numbersOf(data),
      })),
      outputs: outputs.map(({ data }, i) => ({ name: graph.outputs[i]?.name ?? '', data: numbersOf(data) })),
      ...(id === MATMUL.id && { naive: MATMUL.size }),
    });
  }
  const folders = { '/ort/': new URL('../node_modules/onnxruntime-web/dist/', import.meta.url) };
  const { adapter, browser, results } = await measureInBrowser({ folders, files }, cases);
  const rows = [...results].flatMap(([id, all]) => {
    const ours = medianOf(all.find(({ engine }) => engine === 'tilewright')?.ms);
    return all.map(({ engine, ms, firstMs, loadMs, problem }) => [
      id,
      engine,
      digits(medianOf(ms)),
      digits(firstMs ?? Number.NaN),
      digits(loadMs ?? Number.NaN),
      digits(medianOf(ms) / ours),
      problem ?? 'right',
    ]);
  });
  return {
    name: 'webgpu',
    title: `WebGPU in a browser, on ${adapter ?? 'no adapter'}`,
    method: METHOD,
    tables: [
      {
        title: `Chromium ${browser}`,
        head: ['case', 'engine', 'ms', 'first run ms', 'load ms', 'theirs / ours', 'answers'],
        rows,
      },
    ],
    charts: {},
    data: { adapter, browser, results: Object.fromEntries(results) },
  };
}

const medianOf = (ms: readonly number[] | undefined): number => (ms === undefined ? Number.NaN : quantile(ms, 0.5));

const numbersOf = (data: TensorData['data']): readonly (number | string)[] =>
  Array.from(data as Iterable<number | bigint>, (value) => (typeof value === 'bigint' ? String(value) : value));

async function matmul(): Promise<Workload & { readonly id: string; readonly outputs: readonly Output[] }> {
  const { id, size } = MATMUL;
  const builder = buildModel(id);
  const operands = ['a', 'b'].map((name) => builder.input(name, 'f32', [size, size]));
  const model = builder.finish(builder.node('MatMul', operands), [size, size]);
  const next = randomStream(1);
  const tensor = (): TensorData => ({ dtype: 'f32', shape: [size, size], data: randomFloats(next, size * size, 1) });
  const inputs = Object.fromEntries(operands.map((name) => [name, tensor()]));
  const session = await onnxruntimeNode.open({ model, inputs });
  const outputs = await session.run();
  await session.dispose();
  return { id, model, inputs, outputs };
}
