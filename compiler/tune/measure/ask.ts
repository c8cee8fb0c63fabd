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

export const isLost = (answer: Answer | Lost): answer is Lost =>
  answer.kind === 'timeout' || answer.kind === 'crash' || answer.kind === 'aborted';

/** What measures elsewhere: a process, or a page of a browser. After an answer that is lost it has ended. */
export interface MeasuringWorker {
  /** The answer to a message, or why there is none: each sign of life gives it so many milliseconds more. */
  readonly ask: (message: ToWorker, patience: number, signal?: AbortSignal) => Promise<Answer | Lost>;
  readonly end: () => void;
}

/** How messages go to a worker and come back. */
export interface Channel {
  readonly send: (message: ToWorker) => void;
  /** Hears what it says, and that it has ended and why, until the function that is given back is called. */
  readonly listen: (onMessage: (message: FromWorker) => void, onEnd: (why: string) => void) => () => void;
}

/** Asks over a channel. Needs nothing of Node. */
export async function ask(
  { send, listen }: Channel,
  message: ToWorker,
  patience: number,
  signal?: AbortSignal,
): Promise<Answer | Lost> {
  const { promise, resolve } = Promise.withResolvers<Answer | Lost>();
  let progress: Progress | undefined;
  const lose = (kind: Lost['kind'], why: string): void =>
    resolve({ kind, message: why, ...(progress !== undefined && { progress }) });
  const deadline = watch(patience, () => lose('timeout', `no end after ${Math.round(patience)} ms`));
  const onAbort = (): void => lose('aborted', 'aborted');
  signal?.addEventListener('abort', onAbort);
  const leave = listen(
    (answer) => {
      if (answer.kind !== 'progress') return resolve(answer);
      progress = answer.progress;
      deadline.extend();
    },
    (why) => lose('crash', why),
  );
  if (signal?.aborted) onAbort();
  else send(message);
  const answer = await promise;
  deadline.end();
  leave();
  signal?.removeEventListener('abort', onAbort);
  return answer;
}
