import { Command, InvalidArgumentError, Option } from 'commander';
import { openStore } from '../../../schedules/database/open-store.ts';
import { type CacheMode, cacheModes } from '../../../schedules/database/record.ts';
import { type StrategyName, strategyNames } from '../../../schedules/search/strategies.ts';
import { nodeProfile } from '../../tune/device.ts';
import { workerMeasurer } from '../../tune/measure/workers.ts';
import { tune, tuningTasks } from '../../tune/tune.ts';
import { interruptible } from '../interrupt.ts';
import { readModel } from '../model-file.ts';
import { dbOption, dimOption, type ModelOptions, parallelOption, parseCount, shapeOption } from '../options.ts';
import { TuneReport } from '../tune-report.ts';

interface TuneArguments extends ModelOptions {
  readonly db: string;
  readonly time?: number;
  readonly trials?: number;
  readonly seed: number;
  readonly strategy: StrategyName;
  readonly cache: CacheMode;
}

export const tuneCommand = (): Command =>
  new Command('tune')
    .description('measure schedules of the kernels of a model, and keep what was found in a tuning database')
    .argument('<MODEL>', 'an ONNX model, or a graph in text form (.tir)')
    .addOption(dbOption().makeOptionMandatory())
    .addOption(
      new Option(
        '--time <TIME>',
        'how long, as 90s or 5m; without --time and --trials, until nothing more is found',
      ).argParser(parseTime),
    )
    .addOption(new Option('--trials <N>', 'how many schedules to measure, at most').argParser(parseCount))
    .addOption(new Option('--seed <N>', 'other first schedules: a number').argParser(parseCount).default(1))
    .addOption(
      new Option('--strategy <NAME>', 'how to search; auto: all of a small space, and by evolution in others')
        .choices(strategyNames)
        .default('auto'),
    )
    .addOption(
      new Option('--cache <MODE>', 'whether operands are in the caches when a run of a kernel begins')
        .choices(cacheModes)
        .default('warm'),
    )
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .action(run);

async function run(path: string, options: TuneArguments): Promise<void> {
  const graph = await readModel(path, options);
  const store = await openStore(options.db);
  const measurer = workerMeasurer(nodeProfile(), { cache: options.cache });
  try {
    const tasks = tuningTasks(graph, { measurer, parallel: options.parallel });
    const { time: ms, trials, seed, strategy } = options;
    const budget = { ...(ms !== undefined && { ms }), ...(trials !== undefined && { trials }) };
    const report = new TuneReport(tasks);
    await interruptible(async (signal) => {
      for await (const event of tune(tasks, { store, measurer, budget, seed, strategy, signal }))
        process.stdout.write(report.tell(event));
    });
    process.stdout.write(report.summary(store.place));
  } finally {
    await measurer.close();
    await store.close();
  }
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time with its unit, in milliseconds. */
function parseTime(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (units[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('Expected a time as 500ms, 90s, 5m or 2h.');
  return ms;
}
