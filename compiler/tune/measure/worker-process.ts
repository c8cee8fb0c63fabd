import { type ChildProcess, fork } from 'node:child_process';
import { watch } from './deadline.ts';
import type { FromWorker, Progress, ToWorker } from './protocol.ts';

/** Why there is no answer. */
export interface Lost {
  readonly kind: 'timeout' | 'crash' | 'aborted';
  readonly message: string;
  /** What it was at, as it last told. */
  readonly progress?: Progress;
}

export type Answer = Exclude<FromWorker, { readonly kind: 'progress' }>;

/** A process that measures. It is ended where it gives no answer. */
export class WorkerProcess {
  readonly #child: ChildProcess;

  constructor() {
    // Sources run as they are from a checkout, built files from the package.
    const file = `./worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    this.#child = fork(new URL(file, import.meta.url), {
      // Without V8's baseline compiler, no time is that of code which is not optimized yet.
      execArgv: ['--no-liftoff'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // The end of the process, which follows, tells as much.
    this.#child.on('error', () => undefined);
  }

  /** The answer to a message, or why there is none: each sign of life gives it so many milliseconds more. */
  async ask(message: ToWorker, patience: number, signal?: AbortSignal): Promise<Answer | Lost> {
    const { promise, resolve } = Promise.withResolvers<Answer | Lost>();
    const child = this.#child;
    let progress: Progress | undefined;
    const lose = (kind: Lost['kind'], why: string): void =>
      resolve({ kind, message: why, ...(progress !== undefined && { progress }) });
    const deadline = watch(patience, () => lose('timeout', `no end after ${Math.round(patience)} ms`));
    const onMessage = (answer: FromWorker): void => {
      if (answer.kind !== 'progress') return resolve(answer);
      progress = answer.progress;
      deadline.extend();
    };
    const onExit = (): void =>
      lose('crash', `the process ended with ${child.signalCode ?? `code ${child.exitCode ?? 'unknown'}`}`);
    const onAbort = (): void => lose('aborted', 'aborted');
    child.on('message', onMessage).on('exit', onExit);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else if (!child.connected) onExit();
    else child.send(message, (error) => error && lose('crash', error.message));
    const answer = await promise;
    deadline.end();
    child.off('message', onMessage).off('exit', onExit);
    signal?.removeEventListener('abort', onAbort);
    if (isLost(answer)) this.end();
    return answer;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

export const isLost = (answer: Answer | Lost): answer is Lost =>
  answer.kind === 'timeout' || answer.kind === 'crash' || answer.kind === 'aborted';
