import { importOnnx } from '../../compiler/index.ts';
import type { Measurer } from '../../compiler/tune/measure/measurer.ts';
import { median } from '../../compiler/tune/measure/statistics.ts';
import type { KernelTask } from '../../compiler/tune/tasks.ts';
import { tune, tuningTasks } from '../../compiler/tune/tune.ts';
import { emptyForest } from '../../schedules/cost-model/forest.ts';
import type { Measured } from '../../schedules/cost-model/train-ranker.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import type { Layer } from './layers.ts';

/** Weights may grow to so many times what they are: what is fast is learned, whatever memory it takes. */
const GROWTH = 8;

/** Tasks of layers, each workload once, named by the layers. */
export function tasksOfLayers(layers: readonly Layer[], measurer: Measurer): readonly KernelTask[] {
  const tasks = new Map<string, KernelTask>();
  for (const { id, model } of layers)
    for (const task of tuningTasks(importOnnx(model()), { measurer, growth: GROWTH }))
      if (!tasks.has(task.workload)) tasks.set(task.workload, { ...task, name: `${id}: ${task.name}` });
  return [...tasks.values()];
}

export interface Collection {
  readonly store: TuningStore;
  readonly measurer: Measurer;
  /** How many schedules of each task, at most. */
  readonly trials: number;
  /** Milliseconds after which no other task is begun. */
  readonly ms: number;
}

/** Measures random schedules of each task of which the store has no record yet; in an order in which families are mixed. */
export async function collectRecords(
  tasks: readonly KernelTask[],
  { store, measurer, trials, ms }: Collection,
): Promise<void> {
  const start = performance.now();
  const mixed = tasks.toSorted((a, b) => (a.workload < b.workload ? -1 : 1));
  for (const [i, task] of mixed.entries()) {
    if (performance.now() - start >= ms) return;
    if ((await store.recordsOf(task.workload, 1)).length > 0) continue;
    process.stderr.write(`${i + 1} of ${tasks.length}: ${task.name} …\n`);
    const options = { store, measurer, budget: { trials }, seed: 1, prior: emptyForest, strategy: 'random' } as const;
    for await (const event of tune([task], options)) if (event.kind === 'task-done' && event.end === 'failed') break;
  }
}

/** A task with what was measured of it. */
export interface MeasuredTask {
  readonly task: KernelTask;
  readonly measured: readonly Measured[];
}

/** Below, a task says little of what is fast. */
const LEAST = 8;
/** A time of a wider confidence interval, as a part of it, says little: the machine was busy with other things. */
const WIDE = 0.25;

/**
 * The tasks of which there are records, with the features that their schedules have today: each schedule once, with the
 * median of its times.
 */
export async function measuredTasks(
  tasks: readonly KernelTask[],
  store: TuningStore,
): Promise<readonly MeasuredTask[]> {
  const found = await Promise.all(tasks.map(async (task) => ({ task, measured: await measuredOf(task, store) })));
  return found.filter(({ measured }) => measured.length >= LEAST);
}

async function measuredOf({ workload, target, space }: KernelTask, store: TuningStore): Promise<readonly Measured[]> {
  const records = (await store.recordsOf(workload)).filter(
    (record) => record.target === target.name && record.spread <= WIDE,
  );
  const known = records.flatMap(({ decisions, ms }) => {
    const candidate = space.at(new Map(Object.entries(decisions)));
    return candidate === undefined ? [] : [{ candidate, ms }];
  });
  return [...Map.groupBy(known, ({ candidate }) => candidate.key).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ features: first.candidate.features, ms: median(group.map(({ ms }) => ms)) }];
  });
}
