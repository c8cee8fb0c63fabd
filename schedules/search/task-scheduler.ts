/** How far the search for a task has come. */
export interface Progress {
  /** How often a run of the model calls it. */
  readonly calls: number;
  /** The best time after each round, in milliseconds; the first round measured the default schedule. */
  readonly bests: readonly number[];
}

/** What counts more: how the best time fell of late (1), or that it may fall on (0). */
const BACKWARD = 0.2;
/** How many rounds "of late" are. */
const WINDOW = 3;
/** So many rounds that bring nothing, and a task has stalled. */
const PATIENCE = 8;
/** By which part a best time has to fall for a round to have brought something. */
const NOTHING = 0.005;

/**
 * By how many milliseconds a run of the model is expected to become faster with one more round for a task: the gradient
 * of Ansor (Zheng et al., OSDI 2020, §6.2), times calls. One part of it says that the best time g falls on as it fell of late; the
 * other, the optimist's, that t rounds more would bring it to nothing, g / t in each. Ansor's third part, which
 * compares tasks by the operations that they execute, is left out: search does not know what a task computes.
 */
export function expectedGain({ calls, bests }: Progress): number {
  const rounds = bests.length;
  const best = bests[rounds - 1] ?? 0;
  const before = bests[Math.max(rounds - 1 - WINDOW, 0)] ?? best;
  const backward = rounds > 1 ? (before - best) / Math.min(WINDOW, rounds - 1) : 0;
  return calls * (BACKWARD * backward + (1 - BACKWARD) * (best / rounds));
}

/** The task of which the next round is expected to bring the most. Undefined where there is none. */
export const nextTask = <T extends Progress>(open: readonly T[]): T | undefined =>
  open.reduce<T | undefined>(
    (best, task) => (best === undefined || expectedGain(task) > expectedGain(best) ? task : best),
    undefined,
  );

/** Whether the last rounds brought nothing. */
export function hasStalled({ bests }: Progress): boolean {
  const before = bests[bests.length - 1 - PATIENCE];
  const best = bests[bests.length - 1];
  return before !== undefined && best !== undefined && best > before * (1 - NOTHING);
}
