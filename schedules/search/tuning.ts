import type { LearnedCostModel } from '../cost-model/learned-cost-model.ts';
import type { Stage } from './events.ts';
import type { Candidate, Measure, Outcome, Strategy, Task } from './search.ts';

/** What tuning goes by. */
export interface Tuning {
  /** Their default schedules are measured in this order. A strategy is asked for when its task's turn has come. */
  readonly tasks: readonly { readonly task: Task; readonly strategy: () => Promise<Strategy> }[];
  readonly measure: Measure;
  /** What the strategies rank by: it learns from every time that is measured. */
  readonly model: LearnedCostModel;
  readonly budget: Budget;
  /** How many candidates a round measures, at most. */
  readonly batch: number;
  /** Keeps an outcome. It is told of when this is done. */
  readonly record: (task: Task, candidate: Candidate, outcome: Outcome, stage: Stage) => Promise<void>;
  /** A clock, in milliseconds, that never goes back. */
  readonly now: () => number;
  /** Ends the search; what was finished by then is kept. */
  readonly signal?: AbortSignal;
}

/** When the search ends. If neither is said: when every space is exhausted or brings nothing more. */
export interface Budget {
  /** How many candidates are measured, without those that are measured again to decide on winners. */
  readonly trials?: number;
  /** How many milliseconds all of it takes, about. */
  readonly ms?: number;
}
