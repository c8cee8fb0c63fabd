import { Command } from 'commander';
import type { Model } from '../../../runtime/api.ts';
import { loadOn, targetsFor } from '../../devices/load-on.ts';
import type { TargetName } from '../../pipeline.ts';
import { gatherInputs } from '../inputs.ts';
import { artifactOf } from '../model-file.ts';
import {
  deviceOption,
  dimOption,
  type ModelOptions,
  parallelOption,
  type RelaxedSimd,
  relaxedSimdLoad,
  relaxedSimdOption,
  shapeOption,
  threadsOption,
} from '../options.ts';

interface BenchArguments extends ModelOptions {
  readonly device: TargetName;
  readonly threads: number;
  readonly inputs?: string;
  readonly relaxedSimd: RelaxedSimd;
  readonly json?: boolean;
}

interface Timing {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly runs: number;
  /** The threads that ran it: one where the kernels are too small to share. */
  readonly threads: number;
  /** What a GPU calls itself that ran it. */
  readonly adapter?: string;
  /** On a GPU, with the time to open it and to make its pipelines. */
  readonly loadMs: number;
  readonly firstRunMs: number;
  /** The most memory that the process had in use. */
  readonly peakBytes: number;
}

export const benchCommand = (): Command =>
  new Command('bench')
    .description(
      'time a model: warm-up until the engine has optimized the kernels (at least one second, and until runs get no faster), then runs for two seconds',
    )
    .argument('<MODEL|DIR>', 'a model file, or the folder of a compiled one')
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--inputs <DIR>', 'a folder with inputs, as for run')
    .option('--json', 'print one line of JSON')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .addOption(relaxedSimdOption())
    .action(run);

async function run(path: string, options: BenchArguments): Promise<void> {
  const timing = await measure(path, options);
  const lines = [
    `median ${timing.medianMs.toFixed(3)} ms, 90 % within ${timing.p90Ms.toFixed(3)} ms, of ${timing.runs} runs${placeOf(timing)}`,
    `load ${timing.loadMs.toFixed(1)} ms, first run ${timing.firstRunMs.toFixed(1)} ms, peak memory ${(timing.peakBytes / 2 ** 20).toFixed(0)} MiB`,
  ];
  process.stdout.write(options.json ? `${JSON.stringify(timing)}\n` : `${lines.join('\n')}\n`);
}

const placeOf = ({ adapter, threads }: Timing): string =>
  adapter !== undefined ? ` on ${adapter}` : threads > 1 ? ` on ${threads} threads` : '';

const measuredMs = 2000;
const leastRuns = 5;

async function measure(path: string, options: BenchArguments): Promise<Timing> {
  const { device, relaxedSimd, threads } = options;
  const artifact = await artifactOf(path, options, targetsFor(device));
  const start = performance.now();
  const on = await loadOn(device, artifact, { ...relaxedSimdLoad(relaxedSimd), threads });
  const loadMs = performance.now() - start;
  try {
    return { ...(await timingOf(on.model, options, loadMs)), ...(on.adapter !== undefined && { adapter: on.adapter }) };
  } finally {
    await on.close();
  }
}

async function timingOf(model: Model, options: BenchArguments, loadMs: number): Promise<Timing> {
  const inputs = await gatherInputs(model, options.inputs);
  const once = async (): Promise<number> => {
    const before = performance.now();
    await model.run(inputs);
    return performance.now() - before;
  };
  const { threads } = model.info();
  const firstRunMs = await once();
  await warmUp(once);
  const times = await timesOf(once, measuredMs);
  return {
    medianMs: quantile(times, 0.5),
    p90Ms: quantile(times, 0.9),
    runs: times.length,
    threads,
    loadMs,
    firstRunMs,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function timesOf(once: () => Promise<number>, milliseconds: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (const end = performance.now() + milliseconds; performance.now() < end || times.length < leastRuns; )
    times.push(await once());
  return times;
}

function quantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}

const leastWarmUpMs = 1000;
const mostWarmUpMs = 10_000;
const windowMs = 250;

/**
 * The engine compiles hot kernels again in the background while they run: warms up for at least a second, and until
 * the median of a window of runs is no longer 2 % below the least before.
 */
async function warmUp(once: () => Promise<number>): Promise<void> {
  const start = performance.now();
  for (let best = Number.POSITIVE_INFINITY; ; ) {
    const median = quantile(await timesOf(once, windowMs), 0.5);
    const elapsed = performance.now() - start;
    if (elapsed > mostWarmUpMs || (elapsed > leastWarmUpMs && median > 0.98 * best)) return;
    best = Math.min(best, median);
  }
}
