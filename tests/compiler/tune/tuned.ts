import type { TuneEvent } from '../../../schedules/search/events.ts';
import type { Candidate, Outcome, Task } from '../../../schedules/search/search.ts';
import type { Timed } from '../../../schedules/search/winner.ts';

/** A candidate with one decision. */
export const candidate = (rows: number): Candidate => ({
  key: `rows=${rows}`,
  decisions: new Map([['rows', rows]]),
  trace: [{ primitive: 'split', loop: 'i', factors: [null, rows] }],
  features: [],
});

export const timed = (rows: number, ms: number): Timed => ({
  candidate: candidate(rows),
  sample: { ms, spread: 0.01, samples: 9 },
});

export const task = (name: string, calls: number): Task => ({
  name,
  workload: `hash of ${name}`,
  calls,
  space: {
    preferred: candidate(1),
    sample: () => undefined,
    at: () => undefined,
    openDecisions: () => [],
  },
});

export const [conv, gemm] = [task('conv', 2), task('gemm', 1)];

/** An outcome; the predicted speed is the measured one. */
function outcome(
  task: Task,
  stage: 'default' | 'search' | 'final',
  rows: number,
  ms: number,
  trials: number,
): TuneEvent {
  const outcome: Outcome = Number.isNaN(ms)
    ? { kind: 'timeout', message: 'no end' }
    : { kind: 'time', ms, spread: 0.01, samples: 9 };
  const predicted = Number.isNaN(ms) ? 0 : -Math.log(ms);
  return {
    kind: 'outcome',
    task,
    stage,
    candidate: candidate(rows),
    outcome,
    predicted,
    trials,
    elapsed: trials * 1000,
  };
}

/** Two tasks: `conv`, called twice, becomes twice as fast; `gemm` keeps its default schedule. */
export const events: readonly TuneEvent[] = [
  { kind: 'round', task: conv, stage: 'default', candidates: 1 },
  outcome(conv, 'default', 1, 4, 1),
  { kind: 'improved', task: conv, ...timed(1, 4) },
  { kind: 'round', task: gemm, stage: 'default', candidates: 1 },
  outcome(gemm, 'default', 1, 2, 2),
  { kind: 'improved', task: gemm, ...timed(1, 2) },
  { kind: 'round', task: conv, stage: 'search', candidates: 3 },
  outcome(conv, 'search', 2, 3, 3),
  outcome(conv, 'search', 4, Number.NaN, 4),
  outcome(conv, 'search', 8, 2, 5),
  { kind: 'improved', task: conv, ...timed(8, 2) },
  { kind: 'round', task: conv, stage: 'final', candidates: 2 },
  outcome(conv, 'final', 1, 4.2, 5),
  outcome(conv, 'final', 8, 2.1, 5),
  { kind: 'task-done', task: conv, end: 'budget', decision: { standard: timed(1, 4.2), winner: timed(8, 2.1) } },
  { kind: 'task-done', task: gemm, end: 'exhausted', decision: { standard: timed(1, 2), winner: timed(1, 2) } },
  { kind: 'done', aborted: false, trials: 5, elapsed: 6000 },
];
