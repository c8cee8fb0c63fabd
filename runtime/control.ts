import type { BoundStep } from './program.ts';

/**
 * How threads share a step: the block of numbers in shared memory, and what each side does with it. One thread, the
 * coordinator, walks the plan. At a step that is worth it, it opens `parts` parts (the fork), from which all threads,
 * itself among them, take one after the other until none is left; so a thread that is held up takes fewer. It goes on
 * when all parts are done (the join).
 */
export interface Control {
  readonly words: Int32Array;
  /** How many parts a step is cut into. */
  readonly parts: number;
}

/** Words that several threads write stand in cache lines of their own. */
const line = 16;
/** The number of the fork, and in its lowest eight bits the next part to take. */
const ticket = 0;
const currentStep = line;
const done = 2 * line;
const failed = 3 * line;

/** The most parts that a ticket can count, and threads that they are enough for. */
export const mostParts = 128;
export const mostThreads = 64;

/** Several parts a thread: one that is slower, or started late, takes fewer. */
const partsPerThread = 4;

const wordsIn = 4 * line;

export const newControl = (threads: number): Control => ({
  words: new Int32Array(new SharedArrayBuffer(4 * wordsIn)).fill(mostParts, ticket, ticket + 1),
  parts: Math.min(mostParts, partsPerThread * threads),
});

/** How often a thread looks for a change before it sleeps: longer than it takes to be woken up. */
const looks = 10_000;

/** Waits until a word is no longer what it was: awake for a moment, since steps are short, then asleep. */
function waitForChange(words: Int32Array, word: number, seen: number): void {
  for (let i = 0; i < looks; i++) if (Atomics.load(words, word) !== seen) return;
  Atomics.wait(words, word, seen);
}

/** Takes parts of the open step until none is left, and runs them. */
function work(steps: readonly BoundStep[], { words, parts }: Control, onError: (error: unknown) => void): void {
  for (;;) {
    const seen = Atomics.load(words, ticket);
    const part = seen & 0xff;
    if (part >= parts) return;
    if (Atomics.compareExchange(words, ticket, seen, seen + 1) !== seen) continue;
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

/** What every thread but the coordinator does until it is ended. */
export function help(steps: readonly BoundStep[], control: Control, onError: (error: unknown) => void): never {
  for (;;) {
    work(steps, control, onError);
    const seen = Atomics.load(control.words, ticket);
    if ((seen & 0xff) >= control.parts) waitForChange(control.words, ticket, seen);
  }
}

/** What the coordinator does in a run. Throws what a kernel threw on this thread, or an error where one did on another. */
export function coordinate(steps: readonly BoundStep[], control: Control): void {
  for (const [index, step] of steps.entries()) {
    if (step.isShared) share(steps, index, control);
    else step.run(0, 1);
  }
}

function share(steps: readonly BoundStep[], index: number, control: Control): void {
  const { words, parts } = control;
  const errors: unknown[] = [];
  Atomics.store(words, done, 0);
  Atomics.store(words, failed, 0);
  Atomics.store(words, currentStep, index);
  Atomics.store(words, ticket, ((Atomics.load(words, ticket) >>> 8) + 1) << 8);
  Atomics.notify(words, ticket);
  work(steps, control, (error) => errors.push(error));
  for (let count = Atomics.load(words, done); count < parts; count = Atomics.load(words, done)) {
    waitForChange(words, done, count);
  }
  if (errors.length > 0) throw errors[0];
  if (Atomics.load(words, failed) !== 0) throw new Error(`kernel ${steps[index]?.kernel} failed on another thread`);
}
