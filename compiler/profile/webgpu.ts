import type { ArtifactSource } from '../../runtime/api.ts';
import { checkInputs } from '../../runtime/tensor.ts';
import { openWebgpuSteps, type WebgpuSteps, writeInputs } from '../stepwise/webgpu.ts';
import { stopwatchOf } from '../tune/measure/webgpu/stopwatch.ts';
import { chainTime } from './gpu-chain.ts';
import { timestampedRun } from './gpu-timestamps.ts';
import { webgpuLimits } from './limits/webgpu-limits.ts';
import type { Profile, StepFacts } from './profile.ts';
import { stepsOf, type Timeline } from './timeline.ts';
import type { ProfileOptions } from './wasm.ts';

const TIMED = { runs: 5, ms: 2000 };

/**
 * Profiles an artifact on a GPU: by timestamps of the device around each dispatch of a run where it has them, else by a
 * chain of each dispatch. What the processor runs of the model is not timed.
 */
export async function profileWebgpu(
  source: ArtifactSource,
  { device, name }: { readonly device: GPUDevice; readonly name: string },
  { inputs, runs, facts }: ProfileOptions,
): Promise<Profile> {
  const model = await openWebgpuSteps(source, device);
  checkInputs(model.manifest.inputs, inputs);
  writeInputs(device, model, inputs);
  const runMs = await chainTime(device, stopwatchOf(device), model.dispatches);
  const hasClock = device.features.has('timestamp-query');
  const timelines = hasClock ? await timestamps(device, model, runs) : [await chains(device, model)];
  const left = model.program.plan.filter(({ kind }) => kind === 'host').length;
  for (const buffer of model.buffers) buffer.destroy();
  return {
    device: 'webgpu',
    name,
    method: `${hasClock ? "the device's clock around each dispatch of a run" : 'chains of each dispatch'}${left === 0 ? '' : '; what the processor runs is not timed'}`,
    runMs,
    runs: timelines.length,
    limits: await webgpuLimits(device),
    steps: stepsOf(facts ?? model.dispatches.map(({ step }): StepFacts => step), timelines),
  };
}

async function timestamps(device: GPUDevice, { dispatches }: WebgpuSteps, runs?: number): Promise<readonly Timeline[]> {
  const { run, destroy } = timestampedRun(device, dispatches);
  const timelines: Timeline[] = [];
  const end = performance.now() + (runs === undefined ? TIMED.ms : 0);
  while (timelines.length < (runs ?? TIMED.runs) || performance.now() < end) timelines.push(await run());
  destroy();
  return timelines;
}

/** As if the dispatches followed one another. */
async function chains(device: GPUDevice, { dispatches }: WebgpuSteps): Promise<Timeline> {
  const stopwatch = stopwatchOf(device);
  const [starts, ends]: [number[], number[]] = [[], []];
  for (const dispatch of dispatches) {
    const start = ends.at(-1) ?? 0;
    starts.push(start);
    ends.push(start + (await chainTime(device, stopwatch, [dispatch])));
  }
  return { starts, ends };
}
