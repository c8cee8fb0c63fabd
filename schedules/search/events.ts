import type { Candidate, Outcome, Task } from './search.ts';
import type { Timed } from './winner.ts';

/** What a candidate is measured for: as the default schedule, in the search, or to decide on the winner. */
export type Stage = 'default' | 'search' | 'final';

/** Why the search for a task ended. `failed`: its default schedule did. */
export type TaskEnd = 'exhausted' | 'stalled' | 'budget' | 'aborted' | 'failed';

/** What is told of while tasks are tuned, in the order in which it happens. */
export type TuneEvent = RoundBegun | OutcomeKnown | Improved | TaskDone | Done;

/** So many candidates of a task are about to be measured. */
export interface RoundBegun {
  readonly kind: 'round';
  readonly task: Task;
  readonly stage: Stage;
  readonly candidates: number;
}

/** The outcome of a candidate, which is recorded by now. */
export interface OutcomeKnown {
  readonly kind: 'outcome';
  readonly task: Task;
  readonly stage: Stage;
  readonly candidate: Candidate;
  readonly outcome: Outcome;
  /** The score that the cost model gave it before. */
  readonly predicted: number;
  /** How many candidates of all tasks were measured by now, those of the stage `final` apart. */
  readonly trials: number;
  /** Milliseconds since the begin. */
  readonly elapsed: number;
}

/** The fastest schedule of a task so far; the default schedule is the first. */
export interface Improved extends Timed {
  readonly kind: 'improved';
  readonly task: Task;
}

export interface TaskDone {
  readonly kind: 'task-done';
  readonly task: Task;
  readonly end: TaskEnd;
  /** Undefined where the default schedule was not measured, or failed. */
  readonly decision: Decision | undefined;
}

/** The default schedule and the winner, which may be it, as they were measured last. */
export interface Decision {
  readonly standard: Timed;
  readonly winner: Timed;
}

export interface Done {
  readonly kind: 'done';
  readonly aborted: boolean;
  readonly trials: number;
  readonly elapsed: number;
}
