import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { createServer as createViteServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../chromium.ts';
import { root } from './source-files.ts';

const isWindows = process.platform === 'win32';
const folder = join(root, 'examples', 'browser');

/** What `npm start` reads in the same picture. */
const READ = 'Tilewright 2026';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** No code and no style but the site's own, and no address of another. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self' data:";

const ISOLATION = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** The same site with and without isolation, neither at the root of its server. */
const SITES: Readonly<Record<string, Readonly<Record<string, string>>>> = { isolated: ISOLATION, plain: {} };

let printed = { stdout: '', stderr: '' };
beforeAll(async () => {
  printed = await promisify(execFile)(isWindows ? 'npm.cmd' : 'npm', ['run', '--silent', 'build'], {
    cwd: folder,
    shell: isWindows,
  });
}, 300_000);

describe('the example page', () => {
  test('is bundled by Vite with all that it loads, under names that change with the content', async () => {
    expect(`${printed.stdout}${printed.stderr}`).not.toMatch(/warn|invalid|exist/i);
    const built = (await readdir(join(folder, 'dist', 'assets'))).map((name) => name.replace(/-[\w-]{8}\./, '.'));
    const artifact = (await readdir(join(folder, 'model'))).filter((name) => /\.(wasm|wgsl|bin)$/.test(name));
    expect(built).toEqual(expect.arrayContaining(['manifest.json', 'worker.js', ...artifact]));
  });
});

describe.skipIf(!hasChromium)('the example page in Chromium', { timeout: 240_000 }, () => {
  let server: Server | undefined;
  let browser: Browser | undefined;
  let address = '';

  beforeAll(async () => {
    server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** A page, and what the browser complains of there. */
  async function openPage() {
    const page = (await browser?.newPage()) as Page;
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return { page, complaints };
  }

  const textOf = async (page: Page, selector: string): Promise<string> => (await page.textContent(selector)) ?? '';
  const shows = (page: Page, selector: string) => page.waitForSelector(`${selector}:not(:empty)`);
  const inputOf = (page: Page, device: string) => page.getByRole('radio', { name: new RegExp(`^${device}( off:|$)`) });

  /** Chooses a device, lets it run some times, and gives what the page shows. */
  async function runOn(page: Page, device: string) {
    await inputOf(page, device).check();
    await shows(page, '#first');
    await page.getByRole('checkbox', { name: 'continuously' }).check();
    await shows(page, '#median');
    await page.getByRole('checkbox', { name: 'continuously' }).uncheck();
    const figures = ['#load', '#first', '#median'].map(async (id) => Number(await textOf(page, id)));
    return {
      read: await textOf(page, '#result'),
      status: await textOf(page, '#status'),
      problem: await textOf(page, '#problem'),
      areTimes: (await Promise.all(figures)).every((ms) => ms > 0),
    };
  }
  const right = (status: RegExp) => ({
    read: READ,
    status: expect.stringMatching(status),
    problem: '',
    areTimes: true,
  });

  test('isolated, it reads the same on each device, in a worker', async () => {
    const { page, complaints } = await openPage();
    await page.goto(`${address}/isolated/`);
    expect(await runOn(page, 'wasm')).toEqual(right(/^Runs on wasm: 1 thread, /));
    expect(await runOn(page, 'wasm threads')).toEqual(right(/^Runs on wasm threads: [2-8] threads, /));
    expect(await runOn(page, 'webgpu')).toEqual(right(/^Runs on webgpu: .*\d+ pipelines, /));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('not isolated, it says why there are no threads, and runs on the others, in the page itself', async () => {
    const { page, complaints } = await openPage();
    await page.goto(`${address}/plain/`);
    await page.getByRole('checkbox', { name: 'In a worker' }).uncheck();
    expect(await runOn(page, 'wasm')).toEqual(right(/^Runs on wasm: 1 thread, /));
    expect(await inputOf(page, 'wasm threads').isDisabled()).toBe(true);
    expect(await textOf(page, 'label:has([value="wasm threads"])')).toContain('not cross-origin isolated');
    expect(await runOn(page, 'webgpu')).toEqual(right(/^Runs on webgpu: .*\d+ pipelines, /));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('it says what is wrong where a browser has no WebGPU, and where a file is missing', async () => {
    const { page } = await openPage();
    await page.addInitScript("Object.defineProperty(navigator, 'gpu', { value: undefined })");
    await page.route(/\.bin$/, (route) => route.fulfill({ status: 404 }));
    await page.goto(`${address}/isolated/`);
    await shows(page, '#problem');
    expect(await textOf(page, '#problem')).toMatch(/^cannot fetch http:\S+\.bin: 404/);
    expect(await textOf(page, 'label:has([value="webgpu"])')).toContain('this browser has no WebGPU');
    await page.unrouteAll();
    expect(await runOn(page, 'wasm threads')).toEqual(right(/^Runs on wasm threads: /));
    await page.close();
  });

  test('it reads what is typed', async () => {
    const { page } = await openPage();
    await page.goto(`${address}/isolated/`);
    await shows(page, '#first');
    await page.getByRole('textbox', { name: 'Text to draw' }).fill('12345');
    await expect.poll(() => textOf(page, '#result'), { timeout: 30_000 }).toBe('12345');
    await page.close();
  });

  test('it runs on threads as Vite serves it for development, and on one as it is previewed', async () => {
    const anyPort = { host: '127.0.0.1', port: 0 };
    const options = { root: folder, logLevel: 'error', server: anyPort, preview: anyPort } as const;
    const [development, previewed] = await Promise.all([createViteServer(options), preview(options)]);
    try {
      const { page, complaints } = await openPage();
      await development.listen();
      await page.goto(development.resolvedUrls?.local[0] ?? '');
      expect(await runOn(page, 'wasm threads')).toEqual(right(/^Runs on wasm threads: [2-8] threads, /));
      await page.goto(previewed.resolvedUrls?.local[0] ?? '');
      expect(await runOn(page, 'wasm')).toEqual(right(/^Runs on wasm: 1 thread, /));
      expect(await inputOf(page, 'wasm threads').isDisabled()).toBe(true);
      expect(complaints).toEqual([]);
    } finally {
      await Promise.all([development.close(), previewed.close()]);
    }
  });
});

async function serve({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, site = '', path = ''] = /^\/(\w+)\/(.*)$/.exec(url) ?? [];
  const body = await readFile(join(folder, 'dist', path || 'index.html')).catch(() => undefined);
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    ...SITES[site],
  });
  response.end(body);
}
