import { invariant } from '../../../../ir/errors.ts';
import { kernelTexts } from '../../../../runtime/webgpu/features.ts';
import { makePipelines } from '../../../../runtime/webgpu/pipelines.ts';
import type { Bench } from '../bench.ts';
import { prepareOperands } from '../instance.ts';
import { type Stopwatch, stopwatchOf } from './stopwatch.ts';
import { openWebgpuInstance, type WebgpuInstance } from './webgpu-instance.ts';

/** In one sample, at most: a pass is recorded in the time of some of them. */
const MOST_RUNS = 4096;
/** A chain becomes longer by this factor at most until it is long enough: the first runs may be slow ones. */
const GROWTH = 16;
/** What took so many times as long as a sample has to, with all that the first run took beside itself, is long enough. */
const SURELY = 20;

/** Runs kernels on a GPU, whose caches are warm, by chains of dispatches. Needs nothing of Node. */
export function webgpuBench(device: GPUDevice): Bench<WebgpuInstance> {
  const stopwatch = stopwatchOf(device);
  return {
    open: async ({ module: bytes, kernels }, operands) => {
      const module = await WebAssembly.compile(bytes);
      // All at the same time; what one throws is thrown where it is opened.
      const compiled = await Promise.allSettled(
        kernels.map((kernel) => {
          invariant('code' in kernel, 'a kernel that runs here is one of WGSL');
          const { shaders, code } = kernel;
          return makePipelines(
            device,
            kernelTexts([{ ...shaders, file: 'WGSL', requires: [] }], () => code),
          );
        }),
      );
      return kernels.map((kernel, i) => async () => {
        const pipelines = compiled[i];
        invariant('code' in kernel && pipelines !== undefined, 'each kernel was compiled');
        if (pipelines.status === 'rejected') throw pipelines.reason;
        const memory = await prepareOperands(module, kernel, operands);
        return openWebgpuInstance(device, kernel, pipelines.value, memory.bytes);
      });
    },
    close: ({ destroy }) => destroy(),
    sampler: () => async (instance) => {
      const runs = await runsOfSample(stopwatch, instance);
      return async () => {
        // Caches are still full of another kernel's data.
        if (runs > 1) instance.submit(1);
        await device.queue.onSubmittedWorkDone();
        return (await stopwatch.time(instance, runs)) / runs;
      };
    },
  };
}

/** How many runs make a sample that is long enough. */
async function runsOfSample({ time, least }: Stopwatch, instance: WebgpuInstance): Promise<number> {
  if ((instance.firstMs() ?? 0) > SURELY * least) return 1;
  let runs = 1;
  let ms = await time(instance, runs);
  while (ms < least && runs < MOST_RUNS) {
    runs = Math.min(MOST_RUNS, Math.ceil(runs * Math.min(GROWTH, Math.max(1.25, least / ms))));
    ms = await time(instance, runs);
  }
  return runs;
}
