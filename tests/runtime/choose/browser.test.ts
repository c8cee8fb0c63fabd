import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VariantChoice } from '../../../runtime/index.ts';
import { hasChromium, launchChromium } from '../../chromium.ts';
import { type StaticServer, serveStatic, under } from '../../static-server.ts';
import { artifactWith, names } from './models.ts';

const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const page = (script: string): string => `<!doctype html><script type="module" src="${script}"></script>`;

/** Loads the model, and gives what was chosen. */
const choice = `
import { load } from './model/index.js';
import { fastestVariant } from './model/runtime/choose/index.js';
const chosen = () => load({ choose: fastestVariant({ budget: 500 }) }).then((model) => model.info().variant, String);
`;

const site: Readonly<Record<string, string>> = {
  '/page.html': page('page.js'),
  '/page.js': `${choice} document.title = JSON.stringify(await chosen());`,
  '/worker.html': page('with-worker.js'),
  '/with-worker.js': `
    const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => { document.title = JSON.stringify(data); };`,
  '/worker.js': `${choice} postMessage(await chosen());`,
  '/refused.html': page('refused.js'),
  '/refused.js': `${choice}
    indexedDB.open = () => { throw new DOMException('not here', 'SecurityError'); };
    document.title = JSON.stringify(await chosen());`,
  '/hanging.html': page('hanging.js'),
  '/hanging.js': `${choice}
    indexedDB.open = () => new EventTarget();
    document.title = JSON.stringify(await chosen());`,
  '/spoiled.html': page('spoiled.js'),
  '/spoiled.js': `${choice}
    const opening = indexedDB.open('tilewright');
    opening.onsuccess = async () => {
      const entries = opening.result.transaction('variants', 'readwrite').objectStore('variants');
      entries.getAllKeys().onsuccess = ({ target }) => {
        for (const key of target.result) entries.put({ variant: 'x' }, key);
        entries.transaction.oncomplete = async () => {
          opening.result.close();
          document.title = JSON.stringify([target.result.length, await chosen()]);
        };
      };
    };`,
};

describe.skipIf(!hasChromium)('in a browser', () => {
  let server: StaticServer | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const model = under('/model/', await artifactWith('second'));
    server = await serveStatic({ ...site, ...model }, () => ({ 'content-security-policy': policy }));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const newContext = async (): Promise<BrowserContext> => {
    if (browser === undefined) throw new Error('the browser was started');
    return browser.newContext();
  };

  /** What a page says, and which files of the model it has asked for. */
  async function visit(context: BrowserContext, path: string) {
    const opened = await context.newPage();
    const requests: string[] = [];
    opened.on('request', (request) => requests.push(request.url().replace(`${server?.address}/model/`, '')));
    await opened.goto(`${server?.address}/${path}`);
    await expect.poll(() => opened.title(), { timeout: 20_000 }).not.toBe('');
    const said: unknown = JSON.parse(await opened.title());
    await opened.close();
    return { said, requests };
  }

  /** A browser that knows the faster one: on a machine that does other things, times may not settle at once. */
  async function informed(path: string) {
    for (;;) {
      const context = await newContext();
      const { said, requests } = await visit(context, path);
      if ((said as VariantChoice).because === 'timed') return { context, choice: said as VariantChoice, requests };
      await context.close();
    }
  }

  test.each(['page.html', 'worker.html'])('the faster is taken and remembered: %s', async (path) => {
    const first = await informed(path);
    expect(first.choice.name).toBe(names.second);
    const second = await visit(first.context, path);
    expect(second.said).toEqual({ name: names.second, because: 'remembered', timings: [], spentMs: 0 });
    expect(second.requests).toEqual(expect.arrayContaining(['manifest.1.json', 'kernels.relaxed.1.wasm']));
    for (const name of ['kernels.relaxed.wasm', 'weights.0.bin']) {
      if (path === 'page.html') expect(first.requests).toContain(name);
      expect(second.requests).not.toContain(name);
    }
    await first.context.close();
  });

  test('a page and a worker remember together', async () => {
    const { context } = await informed('page.html');
    expect((await visit(context, 'worker.html')).said).toMatchObject({ because: 'remembered' });
    await context.close();
  });

  test('several tabs at once each take one', async () => {
    const context = await newContext();
    const tabs = await Promise.all([1, 2, 3].map(() => visit(context, 'page.html')));
    for (const { said } of tabs) expect(Object.values(names)).toContain((said as VariantChoice).name);
    await context.close();
  });

  test.each(['refused.html', 'hanging.html'])('it is timed each time where there is no database: %s', async (path) => {
    const context = await newContext();
    for (let time = 0; time < 2; time++) {
      const choice = (await visit(context, path)).said as VariantChoice;
      expect([choice.timings.length, ['timed', 'unsettled'].includes(choice.because)]).toEqual([2, true]);
    }
    await context.close();
  });

  test('it is timed again where what is remembered makes no sense', async () => {
    const { context } = await informed('page.html');
    const [entries, choice] = (await visit(context, 'spoiled.html')).said as [number, VariantChoice];
    expect(entries).toBe(1);
    expect(['timed', 'unsettled']).toContain(choice.because);
    await context.close();
  });
});
