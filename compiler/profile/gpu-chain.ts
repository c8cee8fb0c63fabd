import type { Dispatch } from '../../runtime/webgpu/pipelines.ts';
import { encodeDispatch } from '../stepwise/webgpu.ts';
import { median } from '../tune/measure/statistics.ts';
import type { Stopwatch } from '../tune/measure/webgpu/stopwatch.ts';
import type { Timestamps } from '../tune/measure/webgpu/webgpu-instance.ts';

const SAMPLES = 5;
/** In one chain, at most. */
const MOST = 4096;

/** Milliseconds of dispatches, from chains of them that are long enough for the stopwatch: the median of some samples. */
export async function chainTime(
  device: GPUDevice,
  stopwatch: Stopwatch,
  dispatches: readonly Dispatch[],
): Promise<number> {
  const submit = (runs: number, timestamps?: Timestamps): void => submitChain(device, dispatches, runs, timestamps);
  const time = (runs: number): Promise<number> => stopwatch.time({ submit }, runs);
  await time(1);
  let runs = 1;
  for (let ms = await time(1); ms < stopwatch.least && runs < MOST; ms = await time(runs)) runs *= 2;
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) samples.push((await time(runs)) / runs);
  return median(samples);
}

/** One pass; timestamps of its beginning and its end where they are asked for. */
function submitChain(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
  runs: number,
  timestamps: Timestamps | undefined,
): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass(timestamps === undefined ? {} : { timestampWrites: writesOf(timestamps, 0) });
  for (let run = 0; run < runs; run++) for (const dispatch of dispatches) encodeDispatch(pass, dispatch);
  pass.end();
  if (timestamps !== undefined) {
    const { querySet, resolved, readable } = timestamps;
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16);
  }
  device.queue.submit([encoder.finish()]);
}

const writesOf = ({ querySet }: Pick<Timestamps, 'querySet'>, first: number): GPUComputePassTimestampWrites => ({
  querySet,
  beginningOfPassWriteIndex: first,
  endOfPassWriteIndex: first + 1,
});
