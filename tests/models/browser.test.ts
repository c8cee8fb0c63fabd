import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compareTensors } from '../../compiler/io/compare.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { DType } from '../../ir/dtype.ts';
import { arrayFromBytes, bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { type StaticServer, serveStatic, under } from '../static-server.ts';
import { isPresent, readDataSets, readModel, type Tensors } from './shared-models.ts';

const minute = 60_000;

/** Loads the model in the page and runs it once. Tensors go in and out as base64. */
const script = `
import { load, webgpu } from './model/index.js';

const arrays = { f32: Float32Array, i32: Int32Array, i64: BigInt64Array, bool: Uint8Array };
const decode = ({ dtype, shape, bytes }) => ({ dtype, shape, data: new arrays[dtype](Uint8Array.fromBase64(bytes).buffer) });
const encode = ({ dtype, shape, data }) => ({ dtype, shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64() });
const each = (tensors, change) => Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));

globalThis.run = async (inputs) => {
  const model = await load({ device: webgpu() });
  const outputs = each(await model.run(each(inputs, decode)), encode);
  model.dispose();
  return outputs;
};
`;

interface Encoded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: string;
}

const mapped = <A, B>(tensors: Readonly<Record<string, A>>, change: (tensor: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
const encode = ({ dtype, shape, data }: TensorData): Encoded => ({
  dtype,
  shape,
  bytes: Buffer.from(bytesOf(data)).toString('base64'),
});
const decode = ({ dtype, shape, bytes }: Encoded): TensorData => ({
  dtype,
  shape,
  data: arrayFromBytes(dtype, Buffer.from(bytes, 'base64')),
});

async function runInPage(page: Page, inputs: Tensors): Promise<Tensors> {
  const outputs = await page.evaluate(
    (given) =>
      (globalThis as unknown as { run(inputs: unknown): Promise<Readonly<Record<string, Encoded>>> }).run(given),
    mapped(inputs, encode),
  );
  return mapped(outputs, decode);
}

describe.skipIf(!hasChromium)('on webgpu in Chromium', () => {
  let browser: Browser | undefined;
  let server: StaticServer | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(() => server?.close());
  afterAll(() => browser?.close());

  /** A page whose script runs an artifact; undefined where Chromium has no adapter for WebGPU. */
  async function openPage(files: ArtifactFiles): Promise<Page | undefined> {
    const index = '<!doctype html><title>model</title><script type="module" src="run.js"></script>';
    server = await serveStatic({ '/': index, '/run.js': script, ...under('/model/', files) }, () => ({}));
    const page = await (browser as Browser).newPage();
    await page.goto(server.address);
    if (await page.evaluate(async () => ((await navigator.gpu?.requestAdapter()) ?? null) !== null)) return page;
    await page.close();
    return undefined;
  }

  describe.each(['squeezenet_fp32', 'ultraface_rfb320', 'stories260k'])('%s', (id) => {
    test.skipIf(!isPresent(id))('gives the outputs of the reference', { timeout: 5 * minute }, async (context) => {
      const [set] = await readDataSets(id);
      const { inputs = {}, outputs = {} } = set ?? {};
      const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
      const { files } = await compile(importOnnx(readModel(id), { shapes }), { targets: ['webgpu'] });
      const page = await openPage(files);
      if (page === undefined) return context.skip('Chromium has no adapter for WebGPU');
      const actual = await runInPage(page, inputs);
      await page.close();
      for (const [name, expected] of Object.entries(outputs)) {
        const difference = compareTensors(actual[name] as TensorData, expected, { atol: 1e-3, rtol: 1e-2 });
        expect({ name, ...difference }).toMatchObject({ wrong: 0 });
      }
    });
  });
});
