import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArtifactFiles, compile, GraphBuilder } from '../../compiler/index.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { type StaticServer, serveStatic, under } from '../static-server.ts';

/** Runs in the page, and as it is in a worker: loads, runs from memory and from the GPU, loses the device, restores. */
const use = `
import { load, webgpu } from './model/index.js';

export async function use() {
  if ((await navigator.gpu?.requestAdapter() ?? null) === null) return { missing: true };
  const progress = [];
  const model = await load({ device: webgpu({ onProgress: (done, total) => progress.push([done, total]) }) });
  const x = { dtype: 'f32', shape: [64, 64], data: new Float32Array(64 * 64).fill(1) };
  const { y: onGpu } = await model.run({ x }, { outputs: 'gpu' });
  const again = await model.run({ x: onGpu });
  onGpu.data.destroy();
  model.device.destroy();
  await model.device.lost;
  const lost = await model.run({ x }).catch((error) => error.name);
  await model.restore();
  const { y } = await model.run({ x });
  const { gpu: { dispatches, onHost } } = model.info();
  model.dispose();
  return { first: y.data[7], second: again.y.data[7], lost, dispatches, onHost, progress: progress.at(-1) };
}
`;

const site: Readonly<Record<string, string>> = {
  '/': '<!doctype html><script type="module" src="page.js"></script>',
  '/worker': '<!doctype html><script type="module" src="in-worker.js"></script>',
  '/use.js': use,
  '/page.js': `import { use } from './use.js';
    use().then((result) => { document.title = JSON.stringify(result); }, (error) => { document.title = String(error); });`,
  '/in-worker.js': `const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => { document.title = data; };
    worker.onerror = ({ message }) => { document.title = message; };`,
  '/worker.js': `import { use } from './use.js';
    use().then((result) => postMessage(JSON.stringify(result)), (error) => postMessage(String(error)));`,
};

/** Of ones, rows of 64: y = x · x, halved in f64 by the processor. */
async function model(): Promise<ArtifactFiles> {
  const builder = new GraphBuilder('halves');
  const x = builder.input('x', 'f32', [64, 64]);
  const product = builder.op('matmul', [x, x], { transA: false, transB: false });
  const half = builder.constant({ dtype: 'f64', shape: [], data: Float64Array.from([0.5]) });
  const halved = builder.op('mul', [builder.op('cast', [product], { to: 'f64' }), half], {});
  builder.output('y', builder.op('cast', [halved], { to: 'f32' }));
  return (await compile(builder.finish(), { targets: ['wasm', 'webgpu'] })).files;
}

describe.skipIf(!hasChromium)('in a browser', () => {
  let server: StaticServer | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    server = await serveStatic({ ...site, ...under('/model/', await model()) }, () => ({}));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.for([
    ['a page', '/'],
    ['a worker', '/worker'],
  ])('%s runs a model on the GPU, and restores it', { timeout: 60_000 }, async ([, path], context) => {
    const page = await browser?.newPage();
    await page?.goto(`${server?.address}${path}`);
    await expect.poll(() => page?.title(), { timeout: 50_000 }).not.toBe('');
    const result = JSON.parse((await page?.title()) ?? '');
    await page?.close();
    if (result.missing) return context.skip('Chromium has no adapter for WebGPU');
    expect(result).toEqual({
      first: 32,
      second: 32 * 32 * 32,
      lost: 'GpuError',
      dispatches: 1,
      onHost: [{ node: expect.any(String), reason: expect.stringContaining('no 64-bit types') }],
      progress: [1, 1],
    });
  });
});
