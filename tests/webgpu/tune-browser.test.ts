import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { browserMeasurer } from '../../compiler/tune/measure/browser/browser-measurer.ts';
import { type BrowserServer, serveSession } from '../../compiler/tune/measure/browser/server.ts';
import { BrowserSession } from '../../compiler/tune/measure/browser/session.ts';
import type { TaskProgram } from '../../compiler/tune/measure/programs.ts';
import { mistakesInRecord } from '../../schedules/database/record.ts';
import { hasChromium, launchChromium } from '../chromium.ts';
import { start } from '../compiler/cli/tilewright.ts';
import { recordsIn, tuningFolder } from '../compiler/cli/tuning.ts';
import { copyTask } from '../compiler/tune/hand-written.ts';
import { COPY, copyKernel, SLOW } from './copy-kernel.ts';

const folder = await tuningFolder();
const { at } = folder;
afterAll(folder.remove);

describe.skipIf(!hasChromium)('on the GPU of a browser', { timeout: 240_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open(url: string, context: TestContext): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(url);
    if ((await page.evaluate('navigator.gpu?.requestAdapter() ?? null')) === null)
      context.skip('Chromium has no adapter for WebGPU');
    return page;
  }

  test('tune measures, and records are of its adapter', async (context) => {
    const options = ['--target', 'webgpu', '--device', 'browser', '--trials', '12'];
    const { ended, said } = start(['tune', at('dense.tir'), '--db', at('gpu.db'), ...options]);
    const page = await open(await said(/http:\/\/127\.0\.0\.1:\d+\/\S+/), context);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/12 trials in \d:\d\d \| model [\d.]+ → [\d.]+ ms, [\d.]+x/);
    expect(await page.textContent('#state')).toBe('Finished. This page can be closed.');
    const records = (await recordsIn(at('gpu.db'))).map(({ record }) => record);
    expect(records.length).toBeGreaterThanOrEqual(12);
    const [milestone] = browser.version().split('.');
    for (const record of records) {
      expect(mistakesInRecord(JSON.parse(JSON.stringify(record)))).toEqual([]);
      expect(record).toMatchObject({
        target: 'webgpu',
        engine: { name: 'dawn', version: milestone },
        device: { class: expect.stringMatching(/^webgpu-\w+-\w/) },
      });
    }
    await page.close();
  });

  test('what is wrong with a candidate, and a device that is lost, cost no other candidate', async (context) => {
    const session = new BrowserSession({ patience: 60_000, say: () => undefined });
    const server: BrowserServer = await serveSession(session, '127.0.0.1', 'copy.onnx', 'webgpu');
    try {
      await open(server.addresses[0] ?? '', context);
      const profile = await session.opened(new AbortController().signal);
      const wasm = await copyTask();
      const task: TaskProgram = { ...wasm, anchor: copyKernel(COPY) };
      const statements = [COPY, 'result[i] = -source[i];', 'result[i] = nothing;', SLOW];
      const batch = { module: wasm.module, kernels: statements.map(copyKernel), isFinal: false };
      const measurer = browserMeasurer(session, profile, { patience: 20_000 });
      const kinds = async () => (await measurer.measure(task, batch)).map((outcome) => outcome?.kind);
      expect(await kinds()).toEqual(['time', 'wrong', 'trap', 'time']);
      const crash = await browser.newPage();
      const measured = kinds();
      // Ends the process of the browser that talks to the GPU, and so never arrives.
      crash.goto('chrome://gpucrash').catch(() => undefined);
      expect(await measured).toEqual(['time', 'wrong', 'trap', 'time']);
      expect(await kinds()).toEqual(['time', 'wrong', 'trap', 'time']);
    } finally {
      await session.finish();
      await server.close();
    }
  });
});
