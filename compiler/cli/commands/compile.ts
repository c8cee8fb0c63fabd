import { brotliCompressSync } from 'node:zlib';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Graph } from '../../../ir/graph/graph.ts';
import { type MemoryUse, memoryUse } from '../../artifact/memory-use.ts';
import { checkFree, writeArtifact } from '../../artifact/write.ts';
import { type Compilation, compile, type TargetName, targets } from '../../pipeline.ts';
import type { Reused } from '../../reuse/choose-schedule.ts';
import { ranks } from '../../reuse/ranks.ts';
import type { ReuseOptions } from '../../reuse/reuse.ts';
import { dumpIr } from '../dump-ir.ts';
import { interruptible } from '../interrupt.ts';
import { readModel } from '../model-file.ts';
import { someNodeAdapterProfile } from '../node-adapter-profile.ts';
import { dbOption, dimOption, type ModelOptions, parallelOption, parseCount, shapeOption } from '../options.ts';
import { openProgress } from '../progress.ts';
import { variantLines } from '../variant-lines.ts';
import { withStore } from '../with-store.ts';

interface CompileArguments extends ModelOptions {
  readonly output: string;
  readonly target: readonly TargetName[];
  readonly dumpIr?: string;
  readonly db?: string;
  readonly variants?: number;
}

type Timing = readonly [phase: string, milliseconds: number];

export const compileCommand = (): Command =>
  new Command('compile')
    .description('compile a model to a folder of static files')
    .argument('<MODEL>', 'an ONNX model, or a graph in text form (.tir)')
    .requiredOption('-o, --output <DIR>', 'the folder to write; it must not exist or be empty')
    .addOption(
      new Option('--target <TARGETS>', `what to compile for: ${targets.join(', ')}, or several, separated by commas`)
        .argParser(parseTargets)
        .default(['wasm'], 'wasm'),
    )
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .addOption(dbOption())
    .addOption(
      new Option(
        '--variants <K>',
        'with --db: at most so many schedules for different kinds of devices, of which the runtime can choose',
      ).argParser(parseCount),
    )
    .option('--dump-ir <DIR>', 'write the program as it is after each stage')
    .action(run);

function parseTargets(text: string): readonly TargetName[] {
  const names = text.split(',');
  const unknown = names.find((name) => !targets.some((target) => target === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${JSON.stringify(unknown)} is none of ${targets.join(', ')}.`);
  return targets.filter((target) => names.includes(target));
}

const phases = ['import', 'graph passes', 'lower and schedule', 'plan memory', 'generate code', 'assemble'];

async function run(path: string, options: CompileArguments, command: Command): Promise<void> {
  const { db, variants } = options;
  if (variants !== undefined && db === undefined) command.error('error: --variants needs a tuning database: --db');
  await checkFree(options.output);
  if (options.dumpIr !== undefined) await checkFree(options.dumpIr);
  const timings: Timing[] = [];
  const progress = openProgress(phases.length, phases[0] as string);
  const onPhase = (phase: string, milliseconds: number): void => {
    timings.push([phase, milliseconds]);
    progress.advance(phases[timings.length] ?? '');
  };
  try {
    const start = performance.now();
    const graph = await readModel(path, options);
    onPhase('import', performance.now() - start);
    const provenance = {
      target: options.target.join(','),
      dims: options.dim,
      shapes: options.shape,
      parallel: options.parallel,
      ...(variants !== undefined && { variants }),
    };
    const compileWith = (reuse?: ReuseOptions): Promise<Compilation> =>
      compile(graph, {
        targets: options.target,
        parallel: options.parallel,
        provenance,
        onPhase,
        ...(reuse && { reuse }),
      });
    const compilation =
      db === undefined
        ? await compileWith()
        : await withStore(db, true, async (store) => {
            const adapterProfile = options.target.includes('webgpu') ? await someNodeAdapterProfile() : undefined;
            return compileWith({
              store,
              ...(variants !== undefined && { variants }),
              ...(adapterProfile && { adapterProfile }),
            });
          });
    await interruptible((signal) => writeOutputs(options, graph, compilation, signal));
    progress.stop();
    process.stdout.write(summary(options.output, compilation, timings));
  } finally {
    progress.stop();
  }
}

async function writeOutputs(
  { output, dumpIr: dump }: CompileArguments,
  graph: Graph,
  compilation: Compilation,
  signal: AbortSignal,
): Promise<void> {
  await writeArtifact(compilation.files, output, signal);
  if (dump !== undefined) await dumpIr(dump, graph, compilation, signal);
}

function summary(folder: string, compilation: Compilation, timings: readonly Timing[]): string {
  const { files, calls, fused, layout, reused } = compilation;
  const distinct = new Set(calls.map((call) => call.kernel)).size;
  const table = new Table({
    head: ['file', 'bytes', 'brotli'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  // Weights take seconds to compress, and hardly shrink.
  const onTheWire = (name: string, bytes: Uint8Array) =>
    /^weights\..*bin$/.test(name) ? '' : brotliCompressSync(bytes).length;
  for (const [name, bytes] of Object.entries(files)) table.push([name, bytes.length, onTheWire(name, bytes)]);
  const time = timings.map(([phase, ms]) => `${phase} ${ms.toFixed(0)} ms`).join(', ');
  const total = timings.reduce((sum, [, ms]) => sum + ms, 0);
  return [
    ...(calls.length === 0 ? [] : [`${folder}: ${calls.length} kernel calls, ${distinct} distinct kernels`]),
    ...(reused === undefined ? [] : rankLines(reused)),
    ...variantLines(compilation),
    table.toString(),
    ...(calls.length === 0 ? [] : memoryLines(memoryUse(fused, calls, layout))),
    ...webgpuLines(compilation),
    `compiler's peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
    `time: ${total.toFixed(0)} ms (${time})`,
    '',
  ].join('\n');
}

function webgpuLines({ webgpu }: Compilation): readonly string[] {
  if (webgpu === undefined) return [];
  const { plan, shaders, buffers, host } = webgpu.program;
  const dispatches = plan.filter(({ kind }) => kind === 'dispatch').length;
  const bytesOf = (role: string): string =>
    mebibytes(buffers.reduce((sum, buffer) => sum + (buffer.role === role ? buffer.bytes : 0), 0));
  const onHost = host?.because ?? [];
  return [
    `WebGPU: ${dispatches} dispatches, ${shaders.at(-1)?.kernels.length} pipelines, ` +
      `${bytesOf('weights')} of weights, ${bytesOf('arena')} of activations`,
    ...shaders
      .filter(({ requires }) => requires.length > 0)
      .map(({ requires, kernels }) => `  ${kernels.length} of them also for devices with ${requires.join(' and ')}`),
    ...(webgpu.reused === undefined ? [] : rankLines(webgpu.reused)),
    ...(onHost.length === 0 ? [] : [`  the processor runs ${onHost.length} of its kernels:`]),
    ...onHost.map(({ node, reason }) => `    ${node}: ${reason}`),
  ];
}

/** How many kernels have their schedule from answers of which rank. */
const rankLines = (reused: readonly Reused[]): readonly string[] =>
  [...Map.groupBy(reused, ({ answer }) => answer.rank)]
    .toSorted(([a], [b]) => a - b)
    .map(([rank, kernels]) => `  ${kernels.length} of rank ${rank}: ${ranks[rank]}`);

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/** The memory that a run needs at its peak, all of which is taken when the model is loaded. */
function memoryLines({ total, weights, activations, workspaces, limit }: MemoryUse): readonly string[] {
  const ratio = limit === 0 ? '' : `, ${(total / limit).toFixed(2)} of 1.5 x weights + largest live activations`;
  const at = (name: string | undefined): string => (name === undefined ? '' : ` (${name})`);
  return [
    `peak memory of a run: ${mebibytes(total)}${ratio}`,
    `  weights ${mebibytes(weights)}, largest live activations ${mebibytes(activations.bytes)}${at(activations.node)}, ` +
      `largest workspace ${mebibytes(workspaces.bytes)}${at(workspaces.kernel)}`,
  ];
}
