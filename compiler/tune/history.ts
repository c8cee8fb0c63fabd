import { assertNever } from '../../ir/errors.ts';
import type { Decision, OutcomeKnown, RoundBegun, Stage, TaskEnd, TuneEvent } from '../../schedules/search/events.ts';
import type { Outcome, Task } from '../../schedules/search/search.ts';
import type { Timed } from '../../schedules/search/winner.ts';

/** What has come of tuning so far: what is shown while it runs, and reported in the end. */
export interface TuningHistory {
  readonly tasks: readonly TaskHistory[];
  /** How many candidates were measured, those of the stage `final` apart. */
  readonly trials: number;
  /** Milliseconds since the begin, as of the last event that says it. */
  readonly elapsed: number;
  /** What is being measured. */
  readonly round: RoundBegun | undefined;
  readonly end: 'done' | 'aborted' | undefined;
}

export interface TaskHistory {
  readonly task: Task;
  /** Every outcome, in order. */
  readonly trials: readonly Trial[];
  /** The default schedule and the fastest, as measured last; undefined where none ran yet. */
  readonly times: Decision | undefined;
  readonly end: TaskEnd | undefined;
}

/** An outcome without its candidate, of which there are too many to keep. */
export interface Trial {
  readonly stage: Stage;
  readonly kind: Outcome['kind'];
  /** NaN where it did not run. */
  readonly ms: number;
  /** The logarithm of the speed that the cost model saw in it, up to a constant of its task. */
  readonly predicted: number;
  /** How many candidates of all tasks were measured by then, and the milliseconds since the begin. */
  readonly trials: number;
  readonly elapsed: number;
}

/** A history that takes in events as they come. */
export interface HistoryKeeper {
  readonly history: TuningHistory;
  readonly take: (event: TuneEvent) => void;
}

type Growing<T> = { -readonly [K in keyof T]: T[K] };
type GrowingTask = Growing<Omit<TaskHistory, 'trials'>> & { readonly trials: Trial[] };

/** The history of the tuning of these tasks, before anything has happened. */
export function keepHistory(tasks: readonly Task[]): HistoryKeeper {
  const rows = tasks.map((task): GrowingTask => ({ task, trials: [], times: undefined, end: undefined }));
  const byWorkload = new Map(rows.map((row) => [row.task.workload, row]));
  const rowOf = ({ name, workload }: Task): GrowingTask => {
    const row = byWorkload.get(workload);
    if (row === undefined) throw new Error(`${name} is none of the tasks`);
    return row;
  };
  const history: Growing<TuningHistory> = { tasks: rows, trials: 0, elapsed: 0, round: undefined, end: undefined };
  const take = (event: TuneEvent): void => {
    switch (event.kind) {
      case 'round':
        history.round = event;
        return;
      case 'outcome':
        rowOf(event.task).trials.push(trialOf(event));
        history.trials = event.trials;
        history.elapsed = event.elapsed;
        return;
      case 'improved': {
        const row = rowOf(event.task);
        row.times = { standard: row.times?.standard ?? timed(event), winner: timed(event) };
        return;
      }
      case 'task-done': {
        const row = rowOf(event.task);
        row.end = event.end;
        row.times = event.decision ?? row.times;
        return;
      }
      case 'done':
        history.round = undefined;
        history.trials = event.trials;
        history.elapsed = event.elapsed;
        history.end = event.aborted ? 'aborted' : 'done';
        return;
      default:
        assertNever(event);
    }
  };
  return { history, take };
}

const timed = ({ candidate, sample }: Timed): Timed => ({ candidate, sample });

const trialOf = ({ stage, outcome, predicted, trials, elapsed }: OutcomeKnown): Trial => ({
  stage,
  kind: outcome.kind,
  ms: outcome.kind === 'time' ? outcome.ms : Number.NaN,
  predicted,
  trials,
  elapsed,
});

/** Milliseconds of one run of the model, as far as its time is that of the tasks that were measured. */
export interface ModelTime {
  readonly standard: number;
  readonly best: number;
  /** How many tasks were measured. */
  readonly tasks: number;
}

export function modelTime({ tasks }: TuningHistory): ModelTime {
  const known = tasks.flatMap(({ task, times }) => (times === undefined ? [] : [{ calls: task.calls, ...times }]));
  return {
    standard: known.reduce((sum, { calls, standard }) => sum + calls * standard.sample.ms, 0),
    best: known.reduce((sum, { calls, winner }) => sum + calls * winner.sample.ms, 0),
    tasks: known.length,
  };
}

/** The tasks that take most of the model's time first; those that were not measured last. */
export const byWeight = (tasks: readonly TaskHistory[]): readonly TaskHistory[] =>
  tasks.toSorted((a, b) => weightOf(b) - weightOf(a));

export const weightOf = ({ task, times }: TaskHistory): number => task.calls * (times?.standard.sample.ms ?? 0);

export const speedup = ({ standard, winner }: Decision): number => standard.sample.ms / winner.sample.ms;

/** The best model time, in milliseconds, when so many candidates were measured. */
export interface CurvePoint {
  readonly trials: number;
  readonly elapsed: number;
  readonly ms: number;
}

/** How the model time fell in the search: from when every default schedule was measured, each time that it fell. */
export function modelCurve({ tasks }: TuningHistory): readonly CurvePoint[] {
  const measured = tasks.flatMap(({ task, trials }, index) =>
    trials.filter(({ stage, kind }) => stage !== 'final' && kind === 'time').map((t) => ({ ...t, task, index })),
  );
  const bests = new Map<number, number>();
  const missing = new Set(measured.map(({ index }) => index));
  const points: CurvePoint[] = [];
  let sum = 0;
  for (const { task, index, ms, trials, elapsed } of measured.sort((a, b) => a.trials - b.trials)) {
    const before = bests.get(index);
    if (before !== undefined && before <= ms) continue;
    bests.set(index, ms);
    missing.delete(index);
    sum += task.calls * (ms - (before ?? 0));
    if (missing.size === 0) points.push({ trials, elapsed, ms: sum });
  }
  return points;
}

/** How many candidates of a task did not run, or gave a wrong result. */
export const failuresOf = ({ trials }: TaskHistory): number => trials.filter(({ kind }) => kind !== 'time').length;
