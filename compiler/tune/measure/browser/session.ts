import { setTimeout as delay } from 'node:timers/promises';
import { CompilerError } from '../../../../ir/errors.ts';
import type { DeviceProfile } from '../../device.ts';
import { printSpan } from '../../figures.ts';
import type { Answer, Lost } from '../ask.ts';
import { Presence } from './presence.ts';
import type { MeasureOrder, NumberedOrder, Order } from './protocol.ts';
import { newSecret } from './secret.ts';

export interface SessionOptions {
  /** So many milliseconds a page may take to come, and to come back. */
  readonly patience: number;
  /** Told when the page does not ask any more, and when it does so again. */
  readonly say: (line: string) => void;
}

/** So long, in milliseconds, a page may take to hear that it is over. */
const FAREWELL_MS = 1000;

/**
 * What the tuner and the page have to do with each other, whatever carries it. The page enters, asks for orders, and
 * answers. One page counts: a new one, which may be the same one after it was loaded again, takes the place of the last.
 */
export class BrowserSession {
  readonly #presence: Presence;
  readonly #profile = Promise.withResolvers<DeviceProfile>();
  #entered: { readonly page: string; readonly profile: string } | undefined;
  #current: NumberedOrder = { number: 0, order: { kind: 'rest' } };
  /** Resolves when there is another order or another page. */
  #changed = Promise.withResolvers<void>();
  #workers = 0;
  #settle: ((answer: Answer | Lost) => void) | undefined;
  /** Rejects where no page comes, or comes back. */
  readonly #failed = Promise.withResolvers<never>();
  readonly #farewell = Promise.withResolvers<void>();

  constructor({ patience, say }: SessionOptions) {
    const minutes = `${printSpan(patience)} minutes`;
    this.#profile.promise.catch(() => undefined);
    this.#failed.promise.catch(() => undefined);
    this.#presence = new Presence(patience, {
      onAway: () => say(`no connection to the page; it has ${minutes} to come back, and may be loaded again`),
      onBack: () => say('the page is back'),
      onGone: () => this.#fail(`no page measures: none has asked for ${minutes}`),
    });
  }

  /** What the page that entered last is known by. */
  get page(): string | undefined {
    return this.#entered?.page;
  }

  /** The device of the first page. Throws a CompilerError where none comes in time, and what the signal aborts with. */
  async opened(signal: AbortSignal): Promise<DeviceProfile> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([this.#profile.promise, this.#failed.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Lets a page in, and gives what it is known by; undefined where it is on another device than the first. */
  enter(profile: DeviceProfile): string | undefined {
    const text = JSON.stringify(profile);
    if (this.#entered !== undefined && this.#entered.profile !== text) return undefined;
    const page = newSecret();
    this.#entered = { page, profile: text };
    this.#profile.resolve(profile);
    this.#settle?.({ kind: 'crash', message: 'the page was closed or loaded again' });
    this.#change({ kind: 'rest' });
    return page;
  }

  /**
   * The order that follows the one that a page has seen last, as soon as there is one; `none` after so many milliseconds
   * or when the signal aborts, and `replaced` where another page has entered.
   */
  async next(
    page: string,
    seen: number,
    ms: number,
    signal: AbortSignal,
  ): Promise<NumberedOrder | 'none' | 'replaced'> {
    if (page !== this.page) return 'replaced';
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    signal.addEventListener('abort', () => over.resolve());
    this.#presence.begin();
    try {
      if (this.#current.number === seen) await Promise.race([this.#changed.promise, over.promise]);
    } finally {
      clearTimeout(timer);
      this.#presence.leave();
    }
    if (page !== this.page) return 'replaced';
    if (this.#current.order.kind === 'finish') this.#farewell.resolve();
    return this.#current.number === seen ? 'none' : this.#current;
  }

  /** An answer that is not waited for any more is passed over. */
  answer(page: string, number: number, answer: Answer | Lost): void {
    if (page === this.page && number === this.#current.number) this.#settle?.(answer);
  }

  /** What a page answers to an order. Throws a CompilerError where it does not come back in time. */
  async ask(order: MeasureOrder, signal?: AbortSignal): Promise<Answer | Lost> {
    const { promise, resolve } = Promise.withResolvers<Answer | Lost>();
    const onAbort = (): void => resolve({ kind: 'aborted', message: 'aborted' });
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    this.#settle = resolve;
    this.#change(order);
    try {
      return await Promise.race([promise, this.#failed.promise]);
    } finally {
      this.#settle = undefined;
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The number of a worker that no order has named yet. */
  newWorker(): number {
    return ++this.#workers;
  }

  /** Has the page end its worker. */
  rest(): void {
    this.#change({ kind: 'rest' });
  }

  /** Tells the page that there is no more to do, if it is there to hear it. */
  async finish(): Promise<void> {
    this.#presence.end();
    this.#change({ kind: 'finish' });
    if (this.#entered !== undefined && !this.#presence.isAway)
      await Promise.race([this.#farewell.promise, delay(FAREWELL_MS)]);
  }

  #change(order: Order): void {
    this.#current = { number: this.#current.number + 1, order };
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #fail(message: string): void {
    this.#presence.end();
    this.#failed.reject(new CompilerError(message));
  }
}
