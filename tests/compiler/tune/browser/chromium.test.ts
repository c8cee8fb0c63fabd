import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { targetOf } from '../../../../compiler/tune/device.ts';
import { browserMeasurer } from '../../../../compiler/tune/measure/browser/browser-measurer.ts';
import { type BrowserServer, serveSession } from '../../../../compiler/tune/measure/browser/server.ts';
import { BrowserSession } from '../../../../compiler/tune/measure/browser/session.ts';
import type { Measurer } from '../../../../compiler/tune/measure/measurer.ts';
import type { ToWorker } from '../../../../compiler/tune/measure/protocol.ts';
import { measureTasks } from '../../../../compiler/tune/measure-tasks.ts';
import { tasksOf } from '../../../../compiler/tune/tasks.ts';
import { randomSource } from '../../../../ir/random.ts';
import type { Candidate, Outcome } from '../../../../schedules/search/search.ts';
import { hasChromium, launchChromium } from '../../../chromium.ts';
import { denseLayer } from '../graphs.ts';
import { copyBatch, copyTask } from '../hand-written.ts';

const kinds = (outcomes: readonly (Outcome | undefined)[]) => outcomes.map((outcome) => outcome?.kind);

/** Of how many candidates a batch is in which one never ends. */
function endlessAmong(message: ToWorker | undefined): number {
  if (message?.kind !== 'batch') return 0;
  const { kernels } = message.batch;
  return kernels.some((kernel) => 'steps' in kernel && kernel.steps[0]?.name === 'endless') ? kernels.length : 0;
}

describe.skipIf(!hasChromium)('in a page of a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let session: BrowserSession;
  let server: BrowserServer;
  let page: Page;
  const complaints: string[] = [];
  const measurerWith = async (patience: number): Promise<Measurer> =>
    browserMeasurer(session, await session.opened(new AbortController().signal), { patience });

  beforeAll(async () => {
    browser = await launchChromium();
    session = new BrowserSession({ patience: 30_000, say: () => undefined });
    server = await serveSession(session, '127.0.0.1', 'copy.onnx');
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(server.addresses[0] ?? '');
  });
  afterAll(async () => {
    await session?.finish();
    await server?.close();
    await browser?.close();
  });

  test('a wrong result, a trap and what never ends are the outcome of that candidate only', async () => {
    const measurer = await measurerWith(1000);
    const batch = await copyBatch('copy', 'wrong', 'trap', 'endless', 'beyond', 'slow');
    const outcomes = await measurer.measure(await copyTask(), batch);
    expect(kinds(outcomes)).toEqual(['time', 'wrong', 'trap', 'timeout', 'trap', 'time']);
    expect(outcomes[1]).toMatchObject({ message: expect.stringMatching(/^output 0: 4 of 4 elements differ/) });
    expect(await measurer.measure(await copyTask('trap'), await copyBatch('copy'))).toMatchObject([{ kind: 'trap' }]);
    expect(await page.textContent('#measured')).toBe('6');
    expect(complaints).toEqual([]);
  });

  test('candidates of a layer are right and take a time', async () => {
    const measurer = await measurerWith(5000);
    const tasks = tasksOf(denseLayer([32, 48, 64]), targetOf(measurer.profile));
    const [task] = tasks;
    if (task === undefined) throw new Error('there is a task');
    const random = randomSource(2);
    const drawn = Array.from({ length: 12 }, () => task.space.sample(random));
    const candidates = [task.space.preferred, ...drawn.filter((one): one is Candidate => one !== undefined)];
    expect(kinds(await measureTasks(tasks, measurer)(task, candidates))).toEqual(candidates.map(() => 'time'));
    expect(await page.textContent('#task')).toBe(task.name);
  });

  test('a page that is loaded again goes on; what it was at when that happens twice is given up', async () => {
    const measurer = await measurerWith(30_000);
    const asked = vi.spyOn(session, 'ask');
    const measured = measurer.measure(await copyTask(), await copyBatch('copy', 'endless', 'slow'));
    // All of them, then the one that never ends.
    for (const kernels of [3, 1]) {
      await expect.poll(() => endlessAmong(asked.mock.lastCall?.[0].message), { timeout: 20_000 }).toBe(kernels);
      await page.reload();
    }
    const outcomes = await measured;
    expect(kinds(outcomes)).toEqual(['time', 'crash', 'time']);
    await page.reload();
    expect(kinds(await measurer.measure(await copyTask(), await copyBatch('copy')))).toEqual(['time']);
  });

  test('a network that fails for a while costs nothing but time', async () => {
    const measurer = await measurerWith(30_000);
    const asked = vi.spyOn(session, 'ask');
    await page.context().setOffline(true);
    const measured = measurer.measure(await copyTask('copy', 'slow'), await copyBatch('copy', 'slow'));
    await expect.poll(() => page.textContent('#state')).toContain('No connection to the terminal');
    await page.context().setOffline(false);
    expect(kinds(await measured)).toEqual(['time', 'time']);
    expect(await page.textContent('#state')).toBe('Measuring …');
    expect(asked.mock.calls.map(([{ message }]) => message.kind)).toEqual(['task', 'batch']);
  });

  test('what is aborted ends soon, and has no outcome', async () => {
    const measurer = await measurerWith(30_000);
    const controller = new AbortController();
    const measured = measurer.measure(await copyTask(), await copyBatch('endless'), controller.signal);
    await delay(500);
    controller.abort();
    expect(await measured).toEqual([undefined]);
    // Ended workers leave a moment later.
    await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBe(0);
  });

  test('another browser is refused, another page takes over, and hears of the end', async () => {
    const stranger = await browser.newPage();
    expect((await stranger.goto(server.addresses[0] ?? ''))?.status()).toBe(403);
    const second = await browser.newPage();
    await second.goto(page.url());
    await expect.poll(() => page.textContent('#state')).toBe('Another page has taken over.');
    await session.finish();
    await expect.poll(() => second.textContent('#state')).toBe('Finished. This page can be closed.');
  });
});
