import { median } from '../tune/measure/statistics.ts';
import type { ProfiledStep, StepFacts } from './profile.ts';

/** When each step of a run began and ended, in milliseconds. */
export interface Timeline {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** The steps of a plan with their times in several runs; the run that is shown is the one of median length. */
export function stepsOf(facts: readonly StepFacts[], runs: readonly Timeline[]): readonly ProfiledStep[] {
  const shown = middleOf(runs);
  const begin = shown.starts[0] ?? 0;
  return facts.map((step, i) => ({
    ...step,
    ms: median(runs.map((run) => durationOf(run, i))),
    shown: { startMs: (shown.starts[i] ?? 0) - begin, ms: durationOf(shown, i) },
  }));
}

const durationOf = ({ starts, ends }: Timeline, step: number): number =>
  Math.max(0, (ends[step] ?? 0) - (starts[step] ?? 0));

function middleOf(runs: readonly Timeline[]): Timeline {
  const lengthOf = ({ starts, ends }: Timeline): number => (ends.at(-1) ?? 0) - (starts[0] ?? 0);
  const order = runs.toSorted((a, b) => lengthOf(a) - lengthOf(b));
  return order[Math.floor(order.length / 2)] ?? { starts: [], ends: [] };
}
