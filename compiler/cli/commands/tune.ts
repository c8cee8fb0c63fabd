import { access, constants, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { type CacheMode, cacheModes } from '../../../schedules/database/record.ts';
import type { TuningStore } from '../../../schedules/database/store.ts';
import { type StrategyName, strategyNames } from '../../../schedules/search/strategies.ts';
import { type TargetName, targets } from '../../pipeline.ts';
import { targetOf } from '../../tune/device.ts';
import { printReport } from '../../tune/report/report.ts';
import { tune, tuningTasks } from '../../tune/tune.ts';
import { version } from '../../version.ts';
import { interruptible } from '../interrupt.ts';
import { readModel } from '../model-file.ts';
import { type Device, devices, openMeasurer } from '../open-measurer.ts';
import { dbOption, dimOption, type ModelOptions, parallelOption, parseCount, shapeOption } from '../options.ts';
import { printSummary } from '../tune-tables.ts';
import { type TuneView, tuneView } from '../tune-view.ts';
import { withStore } from '../with-store.ts';
import { writeWhole } from '../write-whole.ts';

interface TuneArguments extends ModelOptions {
  readonly db: string;
  readonly time?: number;
  readonly trials?: number;
  readonly seed: number;
  readonly strategy: StrategyName;
  readonly cache?: CacheMode;
  readonly device: Device;
  readonly target: TargetName;
  readonly host: string;
  readonly report?: string;
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
      new Option('--target <TARGET>', 'what to tune for: WebAssembly, or a GPU by WebGPU')
        .choices(targets)
        .default('wasm'),
    )
    .addOption(
      new Option(
        '--cache <MODE>',
        'whether operands are in the caches when a run of a kernel begins; as in a model, if nothing is said',
      ).choices(cacheModes),
    )
    .addOption(
      new Option('--device <DEVICE>', 'where to measure: on this machine in Node, or in a page that a browser opens')
        .choices(devices)
        .default('node'),
    )
    .addOption(
      new Option('--host <HOST>', 'the address of this machine at which that page is; 0.0.0.0: all of them').default(
        '127.0.0.1',
      ),
    )
    .option('--report <FILE>', 'write a page on what was measured and found: HTML that needs no network')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .action(run);

async function run(path: string, options: TuneArguments, command: Command): Promise<void> {
  if (options.device === 'node' && command.getOptionValueSource('host') === 'cli')
    command.error('error: --host is for --device browser', { exitCode: 2 });
  if (options.target === 'webgpu' && options.cache === 'cold')
    command.error('error: --cache cold is for --target wasm: runs on a GPU follow one another', { exitCode: 2 });
  if (options.report !== undefined) await requirePlaceFor(options.report);
  const graph = await readModel(path, options);
  await withStore(options.db, false, (store) =>
    interruptible((signal) => tuneInto(store, graph, { ...options, model: basename(path) }, signal)),
  );
}

type TuneInto = TuneArguments & { readonly model: string };

async function tuneInto(store: TuningStore, graph: Graph, options: TuneInto, signal: AbortSignal): Promise<void> {
  let view: TuneView | undefined;
  const say = (line: string): void => (view?.say ?? printLine)(line);
  const measurer = await openMeasurer(options, options.model, say, signal);
  try {
    const { time: ms, trials, seed, strategy, parallel, cache } = options;
    const tasks = tuningTasks(graph, { measurer, parallel, ...(cache && { cache }) });
    const budget = { ...(ms !== undefined && { ms }), ...(trials !== undefined && { trials }) };
    view = tuneView(process.stdout, tasks, budget);
    try {
      for await (const event of tune(tasks, { store, measurer, budget, seed, strategy, signal })) view.handle(event);
    } finally {
      view.end();
    }
    const { history } = view;
    view = undefined;
    process.stdout.write(`${printSummary(history)}records are in ${store.place}\n`);
    if (options.report === undefined) return;
    const { device, engine } = measurer.profile;
    const facts = { model: options.model, budget, device, engine, target: targetOf(measurer.profile).name };
    const date = new Date().toISOString();
    const report = printReport(history, { ...facts, date, compilerVersion: version });
    await writeWhole(options.report, (unfinished) => writeFile(unfinished, report));
    process.stdout.write(`${options.report}: the report\n`);
  } finally {
    await measurer.close();
  }
}

const printLine = (line: string): void => void process.stdout.write(`${line}\n`);

/** It would be a pity to find out after an hour. Throws a CompilerError where a file cannot be. */
async function requirePlaceFor(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw new CompilerError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  });
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time with its unit, in milliseconds. */
function parseTime(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (units[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('Expected a time as 500ms, 90s, 5m or 2h.');
  return ms;
}
