import { readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { launchChromium } from '../../tests/chromium.ts';
import { ISOLATION, serveStatic } from '../../tests/static-server.ts';
import type { PageCase, PageResult } from './page.ts';

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
  const server = await serveStatic(
    (path) => answer({ ...site, files }, path),
    () => ISOLATION,
  );
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(0);
    await tab.goto(`${server.address}/`);
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
