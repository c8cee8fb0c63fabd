import { nodeProfile } from '../../compiler/tune/device.ts';
import { workerMeasurer } from '../../compiler/tune/measure/workers.ts';
import { tune, tuningTasks } from '../../compiler/tune/tune.ts';
import { MemoryStore } from '../../schedules/database/memory-store.ts';
import { chooseModels } from '../parts/models.ts';
import { graphOf } from './tuned-model.ts';

/** How many candidates of short kernels are built, checked and measured in a second. */
export interface Rate {
  readonly id: string;
  readonly tasks: number;
  /** Until all tasks have been opened and their default schedules measured. */
  readonly beginSeconds: number;
  /** From then on. */
  readonly candidates: number;
  readonly seconds: number;
}

/** Milliseconds. */
const SHORT = 1;

/** Tunes the kernels of MobileNetV2 that take less than a millisecond by default. */
export async function measureRate(seconds: number): Promise<Rate> {
  const [entry] = await chooseModels(['mobilenet_v2']);
  if (entry === undefined) throw new Error('there is no MobileNetV2');
  const graph = graphOf(await entry.load());
  const measurer = workerMeasurer(nodeProfile());
  try {
    const tasks = tuningTasks(graph, { measurer });
    const short = new Set<string>();
    const defaults = { store: new MemoryStore(), measurer, seed: 1, budget: { trials: tasks.length } };
    for await (const event of tune(tasks, defaults))
      if (event.kind === 'outcome' && event.outcome.kind === 'time' && event.outcome.ms < SHORT)
        short.add(event.task.workload);
    // Spaces that nothing was asked of yet.
    const fresh = tuningTasks(graph, { measurer }).filter(({ workload }) => short.has(workload));
    const start = performance.now();
    let [candidates, begin] = [0, start];
    const options = { store: new MemoryStore(), measurer, seed: 1, budget: { ms: seconds * 1000 } };
    for await (const event of tune(fresh, options)) {
      if (event.kind !== 'outcome') continue;
      if (event.stage === 'default') begin = performance.now();
      else candidates++;
    }
    const end = performance.now();
    return {
      id: entry.id,
      tasks: fresh.length,
      beginSeconds: (begin - start) / 1000,
      candidates,
      seconds: (end - begin) / 1000,
    };
  } finally {
    await measurer.close();
  }
}
