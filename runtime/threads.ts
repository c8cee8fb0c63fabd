import { type Control, newControl, requestRun } from './control.ts';
import { ThreadError } from './errors.ts';
import { startThread, type Thread } from './host.ts';
import type { Manifest } from './manifest.ts';

/** What a thread is told: what it is to run, and as which of the threads. All else stands in the control words. */
export interface StartMessage extends Kernels {
  readonly thread: number;
  readonly control: Control;
}

/** What a thread answers. Any of them says so when a kernel fails on it. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };

interface Kernels {
  readonly manifest: Manifest;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** The threads that run a model, none of which is the one that loaded it: that one only waits for messages. */
export class Threads {
  readonly #control: Control;
  readonly #threads: Thread[] = [];
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #failure: ThreadError | undefined;

  /** Starts so many threads. Rejects with ThreadError where one cannot be started. */
  static async start(kernels: Kernels, count: number): Promise<Threads> {
    const threads = new Threads(count);
    await threads.#start(kernels, count);
    return threads;
  }

  private constructor(count: number) {
    this.#control = newControl(count);
  }

  async #start(kernels: Kernels, count: number): Promise<void> {
    const control = this.#control;
    const ready = this.#wait();
    let missing = count;
    const onMessage = (message: unknown): void => {
      const answer = message as FromThread;
      if (answer.kind === 'failed') this.#fail(new ThreadError(`a kernel failed: ${answer.message}`));
      else if (answer.kind === 'done' || --missing === 0) this.#settle();
    };
    const onEnd = (reason: string): void => this.#fail(new ThreadError(`a thread of the model ended: ${reason}`));
    try {
      for (let thread = 0; thread < count; thread++) {
        this.#threads.push(startThread({ onMessage, onEnd }));
        this.#threads[thread]?.send({ thread, ...kernels, control } satisfies StartMessage);
      }
    } catch (error) {
      onEnd((error as Error).message);
    }
    await ready;
  }

  /** Runs the plan once; not to be called before the run before has ended. Rejects with ThreadError. */
  async run(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const ended = this.#wait();
    this.#keepAlive(true);
    requestRun(this.#control);
    await ended;
  }

  /** Ends all threads; a run that is not over is rejected. */
  dispose(): void {
    this.#fail(new ThreadError('the model was disposed of during a run'));
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #settle(error?: ThreadError): void {
    this.#keepAlive(false);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  /** A thread that ends may leave the others waiting for its part: none of them is used again. */
  #fail(error: ThreadError): void {
    this.#failure ??= error;
    for (const thread of this.#threads) thread.end();
    this.#settle(this.#failure);
  }

  #keepAlive(keep: boolean): void {
    for (const thread of this.#threads) thread.keepAlive(keep);
  }
}
