import type { OutcomeKnown, Stage, TaskEnd, TuneEvent } from './events.ts';
import type { Candidate, Outcome, Strategy, Task } from './search.ts';
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
  /** How many candidates were measured, those of the stage `final` apart. */
  trials: number;
}

export interface TaskState extends Progress {
  readonly task: Task;
  readonly strategy: Strategy;
  readonly bests: number[];
  /** What was measured in the search. */
  readonly measured: Timed[];
  /** The default schedule, once it is measured. */
  standard?: Timed;
  end?: TaskEnd;
  /** How many milliseconds its rounds took, and how many candidates they had. */
  spent: number;
  tried: number;
}

export function newSession(tuning: Tuning): Session {
  const begun = tuning.now();
  return {
    tuning,
    states: tuning.tasks.map(({ task, strategy }) => {
      return { task, strategy, calls: task.calls, bests: [], measured: [], spent: 0, tried: 0 };
    }),
    isAborted: () => tuning.signal?.aborted === true,
    elapsed: () => tuning.now() - begun,
    trials: 0,
  };
}

/** Of how many candidates the next round of a task can be, with time left to decide on the winners. */
export function affordable({ tuning: { batch, budget }, states, elapsed, trials }: Session, state: TaskState): number {
  const reserved = states.reduce((sum, each) => sum + finalsOf(each).length * timeOfOne(each), 0);
  const ms = (budget.ms ?? Number.POSITIVE_INFINITY) - elapsed() - reserved;
  const inTime = ms > 0 ? Math.floor(ms / timeOfOne(state)) : 0;
  return Math.min(batch, inTime, (budget.trials ?? Number.POSITIVE_INFINITY) - trials);
}

/** How many milliseconds it takes to propose and measure a candidate of a task; 0 while nothing is known. */
const timeOfOne = ({ spent, tried }: TaskState): number => spent / Math.max(tried, 1);

/** What is measured to decide on the winner: the default schedule first; nothing where it seems to be the fastest. */
export function finalsOf({ standard, measured }: TaskState): readonly Timed[] {
  if (standard === undefined) return [];
  const finalists = finalistsOf(standard, measured);
  return finalists.length === 0 ? [] : [standard, ...finalists];
}

/** Measures candidates of a task, and gives those that ran. */
export async function* measureRound(
  session: Session,
  task: Task,
  stage: Stage,
  candidates: readonly Candidate[],
  tell: Strategy['tell'] = () => {},
): AsyncGenerator<TuneEvent, readonly Timed[]> {
  const { tuning } = session;
  yield { kind: 'round', task, stage, candidates: candidates.length };
  const scores = tuning.model.score(candidates);
  const outcomes = await measureUntilAborted(tuning, task, candidates);
  const events: OutcomeKnown[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined) continue;
    // All are kept before the first is told of: whoever listens may turn away.
    await tuning.record(task, candidate, outcome, stage);
    tell(candidate, outcome);
    if (stage !== 'final') session.trials++;
    const { trials, elapsed } = session;
    const predicted = scores[i] as number;
    events.push({ kind: 'outcome', task, stage, candidate, outcome, predicted, trials, elapsed: elapsed() });
  }
  yield* events;
  return events.flatMap(({ candidate, outcome }) => (outcome.kind === 'time' ? [{ candidate, sample: outcome }] : []));
}

/** The outcomes of what was finished; none where measuring was aborted without an answer. */
async function measureUntilAborted(
  { measure, signal }: Tuning,
  task: Task,
  candidates: readonly Candidate[],
): Promise<readonly (Outcome | undefined)[]> {
  try {
    return await measure(task, candidates, signal);
  } catch (error) {
    if (signal?.aborted) return [];
    throw error;
  }
}
