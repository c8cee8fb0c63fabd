import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as nodeModule from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { launchChromium } from '../../tests/chromium.ts';
import type { PageCase, PageResult } from './page.ts';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** Files by the beginning of their path in the address: folders, or what is held in memory. */
export interface Site {
  readonly folders: Readonly<Record<string, URL>>;
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/** Measures cases in a page of a headless Chromium, whose WebGPU runs on SwiftShader where there is no GPU. */
export async function measureInBrowser(site: Site, cases: readonly PageCase[]) {
  const page = await readFile(new URL('page.ts', import.meta.url), 'utf8');
  const files = {
    '/': '<!doctype html><title>webgpu</title>',
    '/page.js': nodeModule.stripTypeScriptTypes(page),
    ...site.files,
  };
  const serve = async ({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await answer({ ...site, files }, url);
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': url === '/' ? 'text/html' : (types[extname(url)] ?? 'application/octet-stream'),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(body);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(0);
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const adapter = await tab.evaluate(async () => {
      const found = await navigator.gpu?.requestAdapter();
      return found ? `${found.info.vendor} ${found.info.architecture} ${found.info.description}`.trim() : undefined;
    });
    const results = new Map<string, readonly PageResult[]>();
    for (const entry of cases) {
      process.stderr.write(`${entry.id} …\n`);
      const measured = await tab.evaluate(
        async ({ one, script }) => {
          const module = (await import(script)) as { measureCase(entry: PageCase): Promise<PageResult[]> };
          return module.measureCase(one);
        },
        { one: entry, script: '/page.js' },
      );
      results.set(entry.id, measured);
    }
    return { adapter, browser: browser.version(), results };
  } finally {
    await browser.close();
    server.close();
  }
}

async function answer({ folders, files }: Site, path: string): Promise<Uint8Array | string | undefined> {
  const known = files[path];
  if (known !== undefined) return known;
  const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? [];
  if (prefix === undefined || folder === undefined || path.includes('..')) return undefined;
  return readFile(new URL(path.slice(prefix.length), folder)).catch(() => undefined);
}
