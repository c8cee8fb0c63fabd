import { Command } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import { gatherInputs } from '../inputs.ts';
import { loadModel } from '../model-file.ts';
import { type BindingOptions, dimOption, parseCount, shapeOption } from '../options.ts';

interface BenchArguments extends BindingOptions {
  readonly threads: number;
  readonly inputs?: string;
  readonly json?: boolean;
}

interface Timing {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly runs: number;
  readonly loadMs: number;
  readonly firstRunMs: number;
  /** The most memory that the process had in use. */
  readonly peakBytes: number;
}

export const benchCommand = (): Command =>
  new Command('bench')
    .description('time a model: warm-up, then runs for about two seconds')
    .argument('<MODEL|DIR>', 'a model file, or the folder of a compiled one')
    .option('--threads <N>', 'threads to run on; this version has kernels for one', parseCount, 1)
    .option('--inputs <DIR>', 'a folder with inputs, as for run')
    .option('--json', 'print one line of JSON')
    .addOption(dimOption())
    .addOption(shapeOption())
    .action(run);

async function run(path: string, options: BenchArguments): Promise<void> {
  if (options.threads !== 1) throw new CompilerError(`--threads ${options.threads}: this version runs on one thread`);
  const timing = await measure(path, options);
  const lines = [
    `median ${timing.medianMs.toFixed(3)} ms, 90 % within ${timing.p90Ms.toFixed(3)} ms, of ${timing.runs} runs`,
    `load ${timing.loadMs.toFixed(1)} ms, first run ${timing.firstRunMs.toFixed(1)} ms, peak memory ${(timing.peakBytes / 2 ** 20).toFixed(0)} MiB`,
  ];
  process.stdout.write(options.json ? `${JSON.stringify(timing)}\n` : `${lines.join('\n')}\n`);
}

/** The engine compiles hot kernels again while they run: what runs in the first half second is not counted. */
const warmUpMs = 500;
const measuredMs = 2000;
const leastRuns = 5;

async function measure(path: string, options: BenchArguments): Promise<Timing> {
  const start = performance.now();
  const model = await loadModel(path, options);
  const loadMs = performance.now() - start;
  const inputs = await gatherInputs(model, options.inputs);
  const time = async (): Promise<number> => {
    const before = performance.now();
    await model.run(inputs);
    return performance.now() - before;
  };
  const firstRunMs = await time();
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) await time();
  const times: number[] = [];
  for (const end = performance.now() + measuredMs; performance.now() < end || times.length < leastRuns; )
    times.push(await time());
  model.dispose();
  times.sort((a, b) => a - b);
  const quantile = (q: number): number => times[Math.min(times.length - 1, Math.floor(q * times.length))] as number;
  return {
    medianMs: quantile(0.5),
    p90Ms: quantile(0.9),
    runs: times.length,
    loadMs,
    firstRunMs,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}
