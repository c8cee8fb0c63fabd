import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, importOnnx } from '../../compiler/index.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { type StaticServer, serveStatic, under } from '../static-server.ts';
import { readBlocks, readDocument } from './markdown.ts';
import { readClassifier } from './workspace.ts';

/** The policy that the README says is enough, beside which nothing is allowed. */
const policy = `default-src 'none'; ${/`(script-src 'self' [^`]*)`/.exec(readDocument('README.md'))?.[1]?.replaceAll('\n', ' ')}`;

const fileOf = (name: string): string =>
  readBlocks('README.md').find((block) => block.options['file'] === name)?.text ?? '';

describe.skipIf(!hasChromium)("the README's page", () => {
  let server: StaticServer | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const graph = importOnnx(await readClassifier(), { shapes: { x: [1, 3, 48, 192] } });
    const { files } = await compile(graph);
    const both = await compile(graph, { targets: ['wasm', 'webgpu'] });
    const site = {
      '/index.html': fileOf('index.html'),
      '/page.js': fileOf('page.js'),
      '/gpu/index.html': fileOf('index.html').replace('page.js', 'gpu.js'),
      '/gpu/gpu.js': fileOf('gpu.js'),
      ...under('/gpu/dist/', both.files),
      ...under('/dist/', files),
    };
    server = await serveStatic(site, () => ({ 'content-security-policy': policy }));
    browser = await launchChromium();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.for([
    ['a processor', 'index.html'],
    ['a GPU', 'gpu/index.html'],
  ])(
    'shows the result of %s under the policy that the README names',
    { timeout: 120_000 },
    async ([, path], context) => {
      const page = await browser?.newPage();
      await page?.goto(`${server?.address}/${path}`);
      if (path?.startsWith('gpu') && (await page?.evaluate('navigator.gpu?.requestAdapter() ?? null')) === null)
        return context.skip('Chromium has no adapter for WebGPU');
      await expect.poll(() => page?.textContent('#result'), { timeout: 60_000 }).toMatch(/^[-\d.e]+ [-\d.e]+$/);
      const scores = (await page?.textContent('#result'))?.split(' ').map(Number) ?? [];
      expect(scores).toHaveLength(2);
      expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 4);
    },
  );
});
