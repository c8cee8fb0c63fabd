import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, importOnnx } from '../../compiler/index.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { readBlocks, readDocument } from './markdown.ts';
import { readClassifier } from './workspace.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The policy that the README says is enough, beside which nothing is allowed. */
const policy = `default-src 'none'; ${/`(script-src 'self' [^`]*)`/.exec(readDocument('README.md'))?.[1]?.replaceAll('\n', ' ')}`;

const fileOf = (name: string): string =>
  readBlocks('README.md').find((block) => block.options['file'] === name)?.text ?? '';

describe.skipIf(!hasChromium)("the README's page", () => {
  let server: Server | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const graph = importOnnx(await readClassifier(), { shapes: { x: [1, 3, 48, 192] } });
    const { files } = await compile(graph);
    const both = await compile(graph, { targets: ['wasm', 'webgpu'] });
    const site = new Map<string, string | Uint8Array>([
      ['/index.html', fileOf('index.html')],
      ['/page.js', fileOf('page.js')],
      ['/gpu/index.html', fileOf('index.html').replace('page.js', 'gpu.js')],
      ['/gpu/gpu.js', fileOf('gpu.js')],
      ...Object.entries(both.files).map(([name, bytes]) => [`/gpu/dist/${name}`, bytes] as const),
      ...Object.entries(files).map(([name, bytes]) => [`/dist/${name}`, bytes] as const),
    ]);
    server = createServer(({ url = '' }, response) => {
      const type = types[extname(url)] ?? 'application/octet-stream';
      response.writeHead(site.has(url) ? 200 : 404, { 'content-type': type, 'content-security-policy': policy });
      response.end(site.get(url));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
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
      const port = (server?.address() as AddressInfo | undefined)?.port;
      await page?.goto(`http://127.0.0.1:${port}/${path}`);
      if (path?.startsWith('gpu') && (await page?.evaluate('navigator.gpu?.requestAdapter() ?? null')) === null)
        return context.skip('Chromium has no adapter for WebGPU');
      await expect.poll(() => page?.textContent('#result'), { timeout: 60_000 }).toMatch(/^[-\d.e]+ [-\d.e]+$/);
      const scores = (await page?.textContent('#result'))?.split(' ').map(Number) ?? [];
      expect(scores).toHaveLength(2);
      expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 4);
    },
  );
});
