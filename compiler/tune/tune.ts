import type { Graph } from '../../ir/graph/graph.ts';
import { verifyGraph } from '../../ir/graph/verify.ts';
import { randomSourceOf } from '../../ir/random.ts';
import type { Forest } from '../../schedules/cost-model/forest.ts';
import { learnedCostModel } from '../../schedules/cost-model/learned-cost-model.ts';
import type { TuningRecord } from '../../schedules/database/record.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import type { TuneEvent } from '../../schedules/search/events.ts';
import type { Candidate, Sample, Strategy } from '../../schedules/search/search.ts';
import { type StrategyName, strategyFor } from '../../schedules/search/strategies.ts';
import { tuneTasks } from '../../schedules/search/tune-tasks.ts';
import type { Budget } from '../../schedules/search/tuning.ts';
import { optimizeGraph, passesForWebgpu } from '../graph-passes/index.ts';
import { requireStaticShapes } from '../static-shape.ts';
import { version } from '../version.ts';
import { targetOf } from './device.ts';
import { knownCandidates, knownFirst } from './known-first.ts';
import type { Measurer } from './measure/measurer.ts';
import { measureTasks } from './measure-tasks.ts';
import { priorFor } from './prior.ts';
import { type KernelTask, type TaskOptions, tasksOf } from './tasks.ts';

export interface TuneOptions {
  /** Gets a record of every candidate that ran and was right. */
  readonly store: TuningStore;
  readonly measurer: Measurer;
  readonly budget: Budget;
  /** The same seed proposes the same first candidates. */
  readonly seed: number;
  /** `auto` if nothing is said. */
  readonly strategy?: StrategyName;
  /** From what the cost model starts: the prior of the target, if nothing is said. */
  readonly prior?: Forest;
  readonly signal?: AbortSignal;
}

/** Of so many candidates is a round: enough that some are built while others are measured. */
const BATCH = 16;

/** The tasks of a graph with static shapes, for the engine that measures. */
export const tuningTasks = (
  graph: Graph,
  { measurer, ...options }: Pick<TuneOptions, 'measurer'> & TaskOptions,
): readonly KernelTask[] => {
  verifyGraph(graph);
  const target = targetOf(measurer.profile);
  const passes = target.gpu && passesForWebgpu(target.gpu);
  return tasksOf(optimizeGraph(requireStaticShapes(graph), undefined, passes), target, options);
};

/**
 * Tunes tasks, and tells of each step when what it found is in the store. What the store knows of a task is measured
 * again first. Throws what the store throws.
 */
export async function* tune(tasks: readonly KernelTask[], options: TuneOptions): AsyncGenerator<TuneEvent, void> {
  const { store, measurer, budget, seed, strategy = 'auto', signal } = options;
  const { prior = await priorFor(targetOf(measurer.profile)) } = options;
  const model = learnedCostModel(prior);
  const rows = new Map(tasks.map((task) => [task.workload, task]));
  const strategyOf = async (task: KernelTask): Promise<Strategy> => {
    const chosen = strategyFor(strategy, task.space, model, randomSourceOf(seed, task.workload));
    return knownFirst(await knownCandidates(task, store), chosen);
  };
  yield* tuneTasks({
    tasks: tasks.map((task) => ({ task, strategy: () => strategyOf(task) })),
    measure: measureTasks(tasks, measurer),
    model,
    budget,
    batch: BATCH,
    record: async ({ workload }, candidate, outcome) => {
      const task = rows.get(workload);
      if (task === undefined || outcome.kind !== 'time') return;
      await store.add([task.row], [recordOf(task, candidate, outcome, measurer)]);
    },
    now: () => performance.now(),
    ...(signal && { signal }),
  });
}

const recordOf = (
  { workload, target, cache }: KernelTask,
  { decisions, trace }: Candidate,
  { ms, spread, samples }: Sample,
  { profile }: Measurer,
): TuningRecord => ({
  workload,
  target: target.name,
  decisions: Object.fromEntries(decisions),
  trace,
  ms,
  spread,
  samples,
  cache,
  ...profile,
  compilerVersion: version,
  created: new Date().toISOString(),
});
