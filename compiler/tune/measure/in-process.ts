import type { DeviceProfile } from '../device.ts';
import type { KernelInstance } from './instance.ts';
import { measureBatch } from './measure-batch.ts';
import { Baselines, effortFor, type Measurer, taskFailure } from './measurer.ts';
import { type OpenTask, openTask } from './open-task.ts';
import { wasmBench } from './wasm-bench.ts';

/** Measures in this process, which a candidate that hangs or kills it takes along. A batch is always finished. */
export function inProcessMeasurer(profile: DeviceProfile): Measurer {
  const baselines = new Baselines();
  let open: OpenTask<KernelInstance> | undefined;
  return {
    profile,
    measure: async (task, batch) => {
      try {
        if (open?.program.id !== task.id) open = await openTask(wasmBench, task);
      } catch (error) {
        const failure = taskFailure('trap', String(error));
        return batch.kernels.map(() => failure);
      }
      const result = await measureBatch(wasmBench, open, batch, {
        ...effortFor(batch),
        cache: task.cache,
        tiersUp: true,
      });
      return baselines.relate(task.id, result);
    },
    close: async () => undefined,
  };
}
