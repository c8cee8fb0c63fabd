import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MeasureOrder } from '../../../../compiler/tune/measure/browser/protocol.ts';
import { BrowserSession } from '../../../../compiler/tune/measure/browser/session.ts';
import { CompilerError } from '../../../../ir/errors.ts';
import { copyTask } from '../hand-written.ts';
import { profile } from './some-profile.ts';

const never = new AbortController().signal;

async function order(): Promise<MeasureOrder> {
  const message = { kind: 'task', task: await copyTask(), close: [] } as const;
  return { kind: 'measure', worker: 1, message, patience: 100, shown: { task: 'copy', measured: 0, failed: 0 } };
}

const opened = { kind: 'opened', anchorMs: 1 } as const;

describe('a session with a page', () => {
  const said: string[] = [];
  let session: BrowserSession;
  beforeEach(() => {
    said.length = 0;
    session = new BrowserSession({ patience: 60_000, say: (line) => said.push(line) });
  });
  afterEach(() => void session.finish());

  function enter(): string {
    const page = session.enter(profile);
    if (page === undefined) throw new Error('the page may enter');
    return page;
  }

  const next = (page: string, seen: number, ms = 10_000) => session.next(page, seen, ms, never);

  /** The number of the order that a page gets next. */
  async function numberOf(page: string, seen = 0): Promise<number> {
    const got = await next(page, seen);
    return typeof got === 'object' ? got.number : Number.NaN;
  }

  test('an order is given once it is there, until its answer, and after that the next', async () => {
    const page = enter();
    const first = await numberOf(page);
    const waiting = next(page, first);
    const asked = session.ask(await order());
    expect(await waiting).toMatchObject({ number: first + 1, order: { kind: 'measure' } });
    // Where the reply was lost on its way, it is given again.
    expect(await next(page, first)).toMatchObject({ number: first + 1 });
    expect(await next(page, first + 1, 10)).toBe('none');
    session.answer(page, first + 1, opened);
    expect(await asked).toEqual(opened);
  });

  test('answers of another page, or to another order, are passed over', async () => {
    const page = enter();
    const asked = session.ask(await order());
    const number = await numberOf(page);
    session.answer('another', number, opened);
    session.answer(page, number - 1, opened);
    expect(await Promise.race([asked, delay(20)])).toBeUndefined();
    session.answer(page, number, { kind: 'failed', message: 'right' });
    expect(await asked).toEqual({ kind: 'failed', message: 'right' });
  });

  test('a page that is loaded again takes the place of the last, and what that was at is lost', async () => {
    const page = enter();
    const asked = session.ask(await order());
    const waiting = next(page, await numberOf(page));
    const again = enter();
    expect(await asked).toMatchObject({ kind: 'crash', message: 'the page was closed or loaded again' });
    expect(await waiting).toBe('replaced');
    expect(await next(page, 0)).toBe('replaced');
    expect(await next(again, 0)).toMatchObject({ order: { kind: 'rest' } });
  });

  test('no page on another device comes in', () => {
    enter();
    expect(session.enter({ ...profile, engine: { name: 'v8', version: '99.9' } })).toBeUndefined();
  });

  test('what is aborted has no answer', async () => {
    enter();
    const controller = new AbortController();
    const asked = session.ask(await order(), controller.signal);
    controller.abort();
    expect(await asked).toMatchObject({ kind: 'aborted' });
    const other = new BrowserSession({ patience: 60_000, say: () => undefined });
    await expect(other.opened(AbortSignal.abort(new Error('interrupted')))).rejects.toThrow('interrupted');
    await other.finish();
  });

  test('a page is told of the end', async () => {
    const page = enter();
    const waiting = next(page, await numberOf(page));
    await session.finish();
    expect(await waiting).toMatchObject({ order: { kind: 'finish' } });
  });
});

describe('a page that is away', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is waited for, and what it was at goes on when it is back', async () => {
    const said: string[] = [];
    const session = new BrowserSession({ patience: 60_000, say: (line) => said.push(line) });
    const page = session.enter(profile) ?? '';
    const asked = session.ask(await order());
    const got = await session.next(page, 0, 1000, never);
    const number = typeof got === 'object' ? got.number : 0;
    await vi.advanceTimersByTimeAsync(4000);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(said).toEqual(['no connection to the page; it has 1:00 minutes to come back, and may be loaded again']);
    const waiting = session.next(page, number, 60_000, never);
    expect(said.slice(1)).toEqual(['the page is back']);
    await vi.advanceTimersByTimeAsync(50_000);
    session.answer(page, number, opened);
    expect(await asked).toEqual(opened);
    const finished = session.finish();
    expect(await waiting).toMatchObject({ order: { kind: 'finish' } });
    await finished;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not waited for without end', async () => {
    const session = new BrowserSession({ patience: 60_000, say: () => undefined });
    const page = session.enter(profile) ?? '';
    const asked = session.ask(await order());
    asked.catch(() => undefined);
    await session.next(page, 0, 1000, never);
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(asked).rejects.toThrow(CompilerError);
    await expect(session.ask(await order())).rejects.toThrow('no page measures: none has asked for 1:00 minutes');
  });

  test('and one that never comes', async () => {
    const session = new BrowserSession({ patience: 60_000, say: () => undefined });
    const opening = session.opened(never);
    opening.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(opening).rejects.toThrow('no page measures: none has asked for 1:00 minutes');
  });
});
