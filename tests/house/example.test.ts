import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { createServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../chromium.ts';
import { ISOLATION, type StaticServer, serveStatic } from '../static-server.ts';
import { root } from './source-files.ts';

const isWindows = process.platform === 'win32';
const folder = join(root, 'examples', 'browser');

/** What `npm start` reads in the same picture. */
const READ = 'Tilewright 2026';

/** No code and no style but the site's own, and no address of another. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self' data:";

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
  let server: StaticServer | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    // The same site with and without isolation, neither at the root of its server.
    server = await serveStatic(find, (path) => ({
      'content-security-policy': POLICY,
      ...(path.startsWith('/isolated/') ? ISOLATION : {}),
    }));
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
    await page.goto(`${server?.address}/isolated/`);
    expect(await runOn(page, 'wasm')).toEqual(right(/^Runs on wasm: 1 thread, /));
    expect(await runOn(page, 'wasm threads')).toEqual(right(/^Runs on wasm threads: [2-8] threads, /));
    expect(await runOn(page, 'webgpu')).toEqual(right(/^Runs on webgpu: .*\d+ pipelines, /));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('not isolated, it says why there are no threads, and runs on the others, in the page itself', async () => {
    const { page, complaints } = await openPage();
    await page.goto(`${server?.address}/plain/`);
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
    await page.goto(`${server?.address}/isolated/`);
    await shows(page, '#problem');
    expect(await textOf(page, '#problem')).toMatch(/^cannot fetch http:\S+\.bin: 404/);
    expect(await textOf(page, 'label:has([value="webgpu"])')).toContain('this browser has no WebGPU');
    await page.unrouteAll();
    expect(await runOn(page, 'wasm threads')).toEqual(right(/^Runs on wasm threads: /));
    await page.close();
  });

  test('it reads what is typed', async () => {
    const { page } = await openPage();
    await page.goto(`${server?.address}/isolated/`);
    await shows(page, '#first');
    await page.getByRole('textbox', { name: 'Text to draw' }).fill('12345');
    await expect.poll(() => textOf(page, '#result'), { timeout: 30_000 }).toBe('12345');
    await page.close();
  });

  test('it runs on threads as Vite serves it for development, and on one as it is previewed', async () => {
    const anyPort = { host: '127.0.0.1', port: 0 };
    const options = { root: folder, logLevel: 'error', server: anyPort, preview: anyPort } as const;
    const [development, previewed] = await Promise.all([createServer(options), preview(options)]);
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

async function find(url: string): Promise<Uint8Array | undefined> {
  const [, path = ''] = /^\/\w+\/(.*)$/.exec(url) ?? [];
  return readFile(join(folder, 'dist', path || 'index.html')).catch(() => undefined);
}
