import type { Dispatch } from '../../runtime/webgpu/pipelines.ts';
import { encodeDispatch } from '../stepwise/webgpu.ts';
import type { Timeline } from './timeline.ts';

/** A query set holds 4096 timestamps: of so many dispatches. */
const MOST_IN_SET = 2048;

/** Runs dispatches in their order, each in a pass of its own, around which the device's clock is read. */
export interface TimestampedRun {
  readonly run: () => Promise<Timeline>;
  readonly destroy: () => void;
}

export function timestampedRun(device: GPUDevice, dispatches: readonly Dispatch[]): TimestampedRun {
  const bytes = Math.max(16, 16 * dispatches.length);
  const sets = Array.from({ length: Math.ceil(dispatches.length / MOST_IN_SET) }, (_, i) =>
    device.createQuerySet({ type: 'timestamp', count: 2 * Math.min(MOST_IN_SET, dispatches.length - i * MOST_IN_SET) }),
  );
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const resolved = device.createBuffer({ size: bytes, usage: QUERY_RESOLVE | COPY_SRC });
  const readable = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
  const encode = (): GPUCommandBuffer => {
    const encoder = device.createCommandEncoder();
    for (const [i, dispatch] of dispatches.entries()) {
      const querySet = sets[Math.floor(i / MOST_IN_SET)] as GPUQuerySet;
      const at = 2 * (i % MOST_IN_SET);
      const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      encodeDispatch(pass, dispatch);
      pass.end();
    }
    for (const [i, set] of sets.entries()) encoder.resolveQuerySet(set, 0, set.count, resolved, 16 * MOST_IN_SET * i);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, bytes);
    return encoder.finish();
  };
  return {
    run: async () => {
      device.queue.submit([encode()]);
      await readable.mapAsync(GPUMapMode.READ);
      const times = new BigUint64Array(readable.getMappedRange().slice(0));
      readable.unmap();
      const begin = times[0] ?? 0n;
      const ms = (at: number): number => Number((times[at] ?? begin) - begin) / 1e6;
      return { starts: dispatches.map((_, i) => ms(2 * i)), ends: dispatches.map((_, i) => ms(2 * i + 1)) };
    },
    destroy: () => {
      for (const resource of [...sets, resolved, readable]) resource.destroy();
    },
  };
}
