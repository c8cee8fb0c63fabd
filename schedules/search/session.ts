import type { TaskEnd } from './events.ts';
import type { Strategy, Task } from './search.ts';
import type { Progress } from './task-scheduler.ts';
import type { Tuning } from './tuning.ts';
import { finalistsOf, type Timed } from './winner.ts';

/** How far tuning has come. */
export interface Session {
  readonly tuning: Tuning;
  readonly states: readonly TaskState[];
  readonly isAborted: () => boolean;
  /** Milliseconds since the begin. */
  readonly elapsed: () => number;
  /** Aborts with that of the tuning, and when the session ends: whoever listens may turn away in the middle. */
  readonly signal: AbortSignal;
  /** Ends what is still being measured, and waits until it has ended. */
  readonly end: () => Promise<void>;
  /** What is being measured. */
  readonly measuring: Set<Promise<unknown>>;
  /** How many candidates were measured, those of the stage `final` apart. */
  trials: number;
  /** When the last round was over, in milliseconds since the begin. */
  concluded: number;
}

export interface TaskState extends Progress {
  readonly task: Task;
  readonly openStrategy: () => Promise<Strategy>;
  readonly bests: number[];
  /** What was measured in the search. */
  readonly measured: Timed[];
  /** There since its default schedule is measured. */
  strategy?: Strategy;
  /** The default schedule, once it is measured. */
  standard?: Timed;
  end?: TaskEnd;
  /** How many milliseconds its rounds took, and how many candidates they had. */
  spent: number;
  tried: number;
}

export function newSession(tuning: Tuning): Session {
  const begun = tuning.now();
  const ended = new AbortController();
  const measuring = new Set<Promise<unknown>>();
  return {
    tuning,
    states: tuning.tasks.map(({ task, strategy: openStrategy }) => {
      return { task, openStrategy, calls: task.calls, bests: [], measured: [], spent: 0, tried: 0 };
    }),
    isAborted: () => tuning.signal?.aborted === true,
    elapsed: () => tuning.now() - begun,
    signal: AbortSignal.any([ended.signal, ...(tuning.signal === undefined ? [] : [tuning.signal])]),
    end: async () => {
      ended.abort();
      await Promise.allSettled(measuring);
    },
    measuring,
    trials: 0,
    concluded: 0,
  };
}

/**
 * So many times as long as a candidate of the search takes one that is measured to decide on the winner: it has twice the
 * time, and is there already.
 */
const FINAL = 1.5;

/**
 * Of how many candidates the next round of a task can be, with time left for the round that is being measured and to
 * decide on the winners.
 */
export function affordable(session: Session, state: TaskState, pending?: Pending): number {
  const {
    tuning: { batch, budget },
    trials,
    states,
  } = session;
  const waiting = pending?.candidates.length ?? 0;
  const reserved = states.reduce((sum, each) => sum + FINAL * finalsOf(each).length * timeOfOne(each), 0);
  const ms = timeLeft(session) - reserved - (pending === undefined ? 0 : waiting * timeOfOne(pending.state));
  const inTime = ms > 0 ? Math.floor(ms / timeOfOne(state)) : 0;
  return Math.min(batch, inTime, (budget.trials ?? Number.POSITIVE_INFINITY) - trials - waiting);
}

/** Candidates of a task whose outcomes are not known yet. */
export interface Pending {
  readonly state: TaskState;
  readonly candidates: readonly unknown[];
}

export const timeLeft = ({ tuning: { budget }, elapsed }: Session): number =>
  (budget.ms ?? Number.POSITIVE_INFINITY) - elapsed();

/** How many milliseconds it takes to propose and measure a candidate of a task; 0 while nothing is known. */
const timeOfOne = ({ spent, tried }: TaskState): number => spent / Math.max(tried, 1);

/** What is measured to decide on the winner: the default schedule first; nothing where it seems to be the fastest. */
export function finalsOf({ standard, measured }: TaskState): readonly Timed[] {
  if (standard === undefined) return [];
  const finalists = finalistsOf(standard, measured);
  return finalists.length === 0 ? [] : [standard, ...finalists];
}
