import { existsSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArtifactFiles, compile, importOnnx } from '../../compiler/index.ts';
import { smallInput, smallModel, smallOutput } from './small-model.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** The strictest policy that allows WebAssembly at all: no eval, no inline script, no blob: or data: address. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** What a page does with an artifact that it serves; the result is the page's title. */
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

describe.skipIf(!existsSync(executablePath))('in a browser', () => {
  let server: Server | undefined;
  let browser: Browser | undefined;
  let address = '';

  beforeAll(async () => {
    const { files } = await compile(importOnnx(smallModel()));
    server = createServer(serve(files)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test('the same files load and run, under a policy that allows no code but that of the site', async () => {
    const page = await browser?.newPage();
    const complaints: string[] = [];
    page?.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page?.goto(address);
    await page?.waitForFunction('document.title !== ""');
    expect(await page?.title()).toBe(JSON.stringify(smallOutput));
    expect(complaints).toEqual([]);
  });
});

function serve(files: ArtifactFiles): RequestListener {
  const text = (content: string) => new TextEncoder().encode(content);
  const site: Readonly<Record<string, Uint8Array>> = {
    '/': text('<!doctype html><script type="module" src="page.js"></script>'),
    '/page.js': text(PAGE),
    ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`/model/${name}`, bytes])),
  };
  return (request, response) => {
    const path = request.url ?? '/';
    const body = site[path];
    const type = TYPES[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, 'content-security-policy': POLICY });
    response.end(body);
  };
}
