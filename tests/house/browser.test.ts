import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArtifactFiles, compile, GraphBuilder, importOnnx } from '../../compiler/index.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { ISOLATION, type StaticServer, serveStatic, under } from '../static-server.ts';
import { smallInput, smallModel, smallOutput } from './small-model.ts';

/** The strictest policy that allows WebAssembly at all: no eval, no inline script, no blob: or data: address. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** What pages do with an artifact that they are served with; the result is the page's title. */
const PAGE = `
import { load } from './model/runtime/index.js';
const x = { dtype: 'f32', shape: [2, 3], data: new Float32Array(${JSON.stringify(smallInput)}) };
try {
  const model = await load('model');
  const { y } = await model.run({ x });
  document.title = JSON.stringify(Array.from(y.data));
} catch (error) {
  document.title = String(error);
}
`;

const size = 512;
const THREADS_PAGE = `
import { load } from './large/runtime/index.js';
const data = new Float32Array(${size * size}).fill(1);
const x = { dtype: 'f32', shape: [${size}, ${size}], data };
try {
  const model = await load('large', { threads: 2 });
  let ticks = 0;
  const clock = setInterval(() => ticks++, 1);
  for (let run = 0; run < 20; run++) await model.run({ x });
  clearInterval(clock);
  const { y } = await model.run({ x });
  const { threads, oneThreadBecause } = model.info();
  model.dispose();
  const after = await model.run({ x }).then(String, (error) => error.name);
  const isRight = y.data.every((value) => value === ${size});
  document.title = JSON.stringify({ threads, oneThreadBecause, isRight, ticked: ticks > 0, after });
} catch (error) {
  document.title = String(error);
}
`;

async function largeModel(): Promise<ArtifactFiles> {
  const builder = new GraphBuilder('large');
  const x = builder.input('x', 'f32', [size, size]);
  builder.output('y', builder.op('matmul', [x, x], { transA: false, transB: false }));
  return (await compile(builder.finish())).files;
}

describe.skipIf(!hasChromium)('in a browser', () => {
  let server: StaticServer | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const { files } = await compile(importOnnx(smallModel()));
    const site = {
      '/': '<!doctype html><script type="module" src="page.js"></script>',
      '/page.js': PAGE,
      '/isolated': '<!doctype html><script type="module" src="threads.js"></script>',
      '/other': '<!doctype html><script type="module" src="threads.js"></script>',
      '/threads.js': THREADS_PAGE,
      ...under('/model/', files),
      ...under('/large/', await largeModel()),
    };
    server = await serveStatic(site, (path) => ({
      'content-security-policy': POLICY,
      ...(path === '/isolated' || path.endsWith('/worker.js') ? ISOLATION : {}),
    }));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** The title that a page gives itself, and what the browser complains of. */
  async function visit(path: string) {
    const page = await browser?.newPage();
    const complaints: string[] = [];
    page?.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page?.goto(`${server?.address}/${path}`);
    let title = '';
    while (title === '') title = (await page?.title()) ?? 'no page';
    // Ended workers leave a moment later.
    await expect.poll(() => page?.workers().length, { timeout: 10_000 }).toBe(0);
    await page?.close();
    return { title, complaints };
  }

  test('the same files load and run, under a policy that allows no code but that of the site', async () => {
    const { title, complaints } = await visit('');
    expect(title).toBe(JSON.stringify(smallOutput));
    expect(complaints).toEqual([]);
  });

  test('an isolated page runs on several threads, and is not blocked', async () => {
    const { title, complaints } = await visit('isolated');
    expect(title).toBe(JSON.stringify({ threads: 2, isRight: true, ticked: true, after: 'ModelInputError' }));
    expect(complaints).toEqual([]);
  });

  test('any other page runs on one', async () => {
    const { title, complaints } = await visit('other');
    expect(JSON.parse(title)).toMatchObject({
      threads: 1,
      oneThreadBecause: 'the page is not cross-origin isolated',
      isRight: true,
    });
    expect(complaints).toEqual([]);
  });
});
