import type { BoundStep } from './program.ts';

/**
 * How threads share a step: the block of numbers in shared memory, and what each side does with it. One thread, the
 * coordinator, walks the plan. At a step that is worth it, it opens the step's parts (the fork). Each thread takes its
 * own, which are neighbours and the same in every step, so that it often finds in its cache what it has written there;
 * then it takes what is left of the others', so that a thread that is held up does fewer. The coordinator goes on when
 * all parts are done (the join).
 */
export interface Control {
  readonly words: Int32Array;
  readonly threads: number;
}

/** Words that several threads write stand in cache lines of their own. */
const line = 16;
/** Counts the runs that were asked for. */
const runs = 0;
/** Counts the forks. */
const forks = line;
const currentStep = 2 * line;
const done = 3 * line;
const failed = 4 * line;
/** For each thread how many of its parts are taken, with the number of the fork in the higher bits. */
const ticketOf = (thread: number): number => (5 + thread) * line;

export const mostThreads = 64;

/** Several parts a thread, so that another can help it. */
const partsEach = 4;

export const newControl = (threads: number): Control => ({
  words: new Int32Array(new SharedArrayBuffer(4 * ticketOf(threads))).fill(partsEach, ticketOf(0)),
  threads,
});

/** How often a thread looks for a change before it sleeps: longer than it takes to be woken up. */
const looks = 5_000;

/** Waits until a word is no longer what it was: awake for a moment, since steps are short, then asleep. */
function waitForChange(words: Int32Array, word: number, seen: number): void {
  for (let i = 0; i < looks; i++) if (Atomics.load(words, word) !== seen) return;
  Atomics.wait(words, word, seen);
}

/** The next of a thread's parts, which the caller then has to run. */
function takePart(words: Int32Array, thread: number): number | undefined {
  const ticket = ticketOf(thread);
  for (;;) {
    const seen = Atomics.load(words, ticket);
    const taken = seen & 0xff;
    if (taken >= partsEach) return undefined;
    if (Atomics.compareExchange(words, ticket, seen, seen + 1) === seen) return thread * partsEach + taken;
  }
}

/** Takes parts of the open step until none is left, and runs them. */
function work(
  steps: readonly BoundStep[],
  { words, threads }: Control,
  thread: number,
  onError: (error: unknown) => void,
): void {
  const parts = threads * partsEach;
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    for (let part = takePart(words, owner); part !== undefined; part = takePart(words, owner)) {
      try {
        // The step stays until this part of it is done.
        steps[Atomics.load(words, currentStep)]?.run(part, parts);
      } catch (error) {
        Atomics.store(words, failed, 1);
        onError(error);
      }
      if (Atomics.add(words, done, 1) + 1 === parts) Atomics.notify(words, done);
    }
  }
}

/** What every thread but the coordinator does until it is ended. */
export function help(
  steps: readonly BoundStep[],
  control: Control,
  thread: number,
  onError: (error: unknown) => void,
): never {
  for (;;) {
    const seen = Atomics.load(control.words, forks);
    work(steps, control, thread, onError);
    waitForChange(control.words, forks, seen);
  }
}

/** Asks for a run, from outside of the threads. The helpers are woken up, too, to be there when they are needed. */
export function requestRun({ words }: Control): void {
  Atomics.add(words, runs, 1);
  Atomics.notify(words, runs);
  Atomics.notify(words, forks);
}

/** What the coordinator does until it is ended: whenever a run is asked for, it runs the plan and says how that went. */
export function lead(steps: readonly BoundStep[], control: Control, onEnd: (error?: unknown) => void): never {
  for (let seen = 0; ; seen++) {
    while (Atomics.load(control.words, runs) === seen) waitForChange(control.words, runs, seen);
    try {
      coordinate(steps, control);
      onEnd();
    } catch (error) {
      onEnd(error);
    }
  }
}

/** Runs the plan. Throws what a kernel threw on this thread, or an error where one did on another. */
function coordinate(steps: readonly BoundStep[], control: Control): void {
  for (const index of steps.keys()) runStep(steps, index, control);
}

/** Runs a step of the plan on the coordinator, with the helpers where it is shared. Throws as a run of the plan does. */
export function runStep(steps: readonly BoundStep[], index: number, control: Control): void {
  const step = steps[index];
  if (step?.isShared) share(steps, index, control);
  else step?.run(0, 1);
}

function share(steps: readonly BoundStep[], index: number, control: Control): void {
  const { words, threads } = control;
  const errors: unknown[] = [];
  const fork = Atomics.load(words, forks) + 1;
  Atomics.store(words, done, 0);
  Atomics.store(words, failed, 0);
  Atomics.store(words, currentStep, index);
  for (let thread = 0; thread < threads; thread++) Atomics.store(words, ticketOf(thread), fork << 8);
  Atomics.store(words, forks, fork);
  Atomics.notify(words, forks);
  work(steps, control, 0, (error) => errors.push(error));
  const parts = threads * partsEach;
  for (let count = Atomics.load(words, done); count < parts; count = Atomics.load(words, done)) {
    waitForChange(words, done, count);
  }
  if (errors.length > 0) throw errors[0];
  if (Atomics.load(words, failed) !== 0) throw new Error(`kernel ${steps[index]?.kernel} failed on another thread`);
}
