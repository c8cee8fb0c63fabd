import type { Candidate, Sample } from './search.ts';

/** A candidate, and how long it takes. */
export interface Timed {
  readonly candidate: Candidate;
  readonly sample: Sample;
}

/** How many of the fastest are measured again: the fastest of many measurements is often the luckiest. */
const FINALISTS = 3;

/** Those that were measured to be faster than the default schedule: a few of the fastest, the fastest first. */
export const finalistsOf = (standard: Timed, measured: readonly Timed[]): readonly Timed[] =>
  measured
    .filter(({ sample }) => sample.ms < standard.sample.ms)
    .sort((a, b) => a.sample.ms - b.sample.ms)
    .slice(0, FINALISTS);

/** The fastest of those that are faster than the default schedule by more than chance; if none is, the default. */
export function winnerOf(standard: Timed, others: readonly Timed[]): Timed {
  const faster = others.filter(({ sample }) => isFaster(sample, standard.sample));
  return faster.reduce((best, other) => (other.sample.ms < best.sample.ms ? other : best), standard);
}

/** Whether the difference of the medians is more than what their confidence intervals allow for. */
export function isFaster(a: Pick<Sample, 'ms' | 'spread'>, b: Pick<Sample, 'ms' | 'spread'>): boolean {
  return b.ms - a.ms > Math.hypot(a.ms * a.spread, b.ms * b.spread);
}
