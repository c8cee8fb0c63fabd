import { GpuError } from '../../../../runtime/webgpu/errors.ts';
import type { Timestamps, WebgpuInstance } from './webgpu-instance.ts';

/** Times so many runs of a kernel, one after the other, in milliseconds. */
export interface Stopwatch {
  readonly time: (instance: Pick<WebgpuInstance, 'submit'>, runs: number) => Promise<number>;
  /** So long, in milliseconds, has what is timed to be. */
  readonly least: number;
}

/** By the device's own clock where it has one, else by this thread's. */
export const stopwatchOf = (device: GPUDevice): Stopwatch =>
  device.features.has('timestamp-query') ? byTimestamps(device) : byClock(device.queue);

/** Two timestamps, around a pass. */
function byTimestamps(device: GPUDevice): Stopwatch {
  const usage = GPUBufferUsage;
  const timestamps: Timestamps = {
    querySet: device.createQuerySet({ type: 'timestamp', count: 2 }),
    resolved: device.createBuffer({ size: 16, usage: usage.QUERY_RESOLVE | usage.COPY_SRC }),
    readable: device.createBuffer({ size: 16, usage: usage.MAP_READ | usage.COPY_DST }),
  };
  const { readable } = timestamps;
  return {
    least: 2,
    time: async ({ submit }, runs) => {
      submit(runs, timestamps);
      await readable.mapAsync(GPUMapMode.READ);
      const [begin = 0n, end = 0n] = new BigUint64Array(readable.getMappedRange().slice(0));
      readable.unmap();
      if (end <= begin) throw new GpuError(`the device's clock went from ${begin} to ${end} ns during a pass`);
      return Number(end - begin) / 1e6;
    },
  };
}

/**
 * The time until a long chain is done, less that until nothing is: what it takes to submit work and to hear of its end is
 * in both.
 */
function byClock(queue: GPUQueue): Stopwatch {
  const wall = async (submit: () => void): Promise<number> => {
    const start = performance.now();
    submit();
    await queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  return {
    least: 5,
    time: async ({ submit }, runs) => {
      const nothing = await wall(() => submit(0));
      const chain = await wall(() => submit(runs));
      // Where the former was the longer one, for once, the chain is not known to be any longer than a hundredth of it.
      return Math.max(chain - nothing, chain / 100);
    },
  };
}
