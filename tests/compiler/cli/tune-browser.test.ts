import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mistakesInRecord } from '../../../schedules/database/record.ts';
import { hasChromium, launchChromium } from '../../chromium.ts';
import { start, tilewright } from './tilewright.ts';
import { recordsIn, tuningFolder } from './tuning.ts';

const folder = await tuningFolder();
const { at } = folder;
afterAll(folder.remove);

const tune = (file: string, ...args: readonly string[]) => [
  'tune',
  at('dense.tir'),
  '--db',
  at(file),
  '--device',
  'browser',
  ...args,
];

const address = /http:\/\/127\.0\.0\.1:\d+\/\S+/;

describe('tune --device browser', { timeout: 120_000 }, () => {
  test('an interrupt ends the wait for a page', async () => {
    const { child, ended, said } = start(tune('none.db'));
    await said(address);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('error: interrupted before a page was opened')]);
  });

  test('a host that is not of this machine is refused, and so is one where there is no page', async () => {
    expect(await tilewright(tune('none.db', '--host', '203.0.113.1'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: listen EADDRNOTAVAIL'),
    });
    const here = ['tune', at('dense.tir'), '--db', at('none.db'), '--host', '127.0.0.1'];
    expect(await tilewright(here)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --host is for --device browser\n/),
    });
  });

  describe.skipIf(!hasChromium)('with a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());

    async function open(url: string): Promise<Page> {
      const page = await browser.newPage();
      await page.goto(url);
      return page;
    }

    test('measures in it, and records say so', async () => {
      const { ended, said } = start(tune('a.db', '--trials', '24', '--seed', '3'));
      const page = await open(await said(address));
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/24 trials in \d:\d\d \| model [\d.]+ → [\d.]+ ms, [\d.]+x/);
      expect(await page.textContent('#state')).toBe('Finished. This page can be closed.');
      const [, milestone = '', unit = ''] = /^(\d+)(\d)\./.exec(browser.version()) ?? [];
      const records = (await recordsIn(at('a.db'))).map(({ record }) => record);
      expect(records.length).toBeGreaterThanOrEqual(24);
      for (const record of records) {
        expect(mistakesInRecord(JSON.parse(JSON.stringify(record)))).toEqual([]);
        expect(record).toMatchObject({
          target: 'wasm-relaxed-simd',
          engine: { name: 'v8', version: `${milestone}.${unit}` },
          device: {
            class: `${process.arch}-simd128-relaxed-simd`,
            fingerprint: expect.stringMatching(/^Linux, \d+ cores, /),
          },
          features: ['simd128', 'relaxed-simd'],
        });
      }
    });

    test('an interrupt keeps what was found, and the page hears of the end', async () => {
      const { child, ended, said } = start(tune('b.db'));
      const page = await open(await said(address));
      await said(/\| matmul_tanh \| 16 candidates/);
      child.kill('SIGINT');
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).toContain('interrupted');
      expect(await page.textContent('#state')).toBe('Finished. This page can be closed.');
      expect((await recordsIn(at('b.db'))).length).toBeGreaterThanOrEqual(10);
    });
  });
});
