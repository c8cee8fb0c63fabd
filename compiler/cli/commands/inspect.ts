import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { files } from '../../../runtime/manifest.ts';
import type { ParallelAxis } from '../../../schedules/space/context.ts';
import { emitWasm, emitWat } from '../../codegen/wasm/index.ts';
import { optimizeGraph } from '../../graph-passes/index.ts';
import { buildKernel, buildKernels, flatForms, type Kernel } from '../../kernels.ts';
import { onlyDirect } from '../../lower/workload.ts';
import { requireStaticShapes } from '../../static-shape.ts';
import { divideParallel } from '../../tensor-passes/divide-parallel.ts';
import { countCalls, printCounts } from '../counts-table.ts';
import { isArtifact, readModel, readUserFile } from '../model-file.ts';
import { dimOption, type ModelOptions, parallelOption, shapeOption } from '../options.ts';
import { isFunc } from '../program-text.ts';

const stages = ['graph', 'tensor', 'scheduled', 'lowered', 'wat', 'counts'] as const;

interface InspectArguments extends ModelOptions {
  readonly emit: (typeof stages)[number];
  readonly kernel?: string;
  readonly json?: boolean;
}

export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('print a model as it is at a stage of the compiler, or count what its kernels execute')
    .argument(
      '<MODEL|FILE>',
      'a model file, a .tir file with a func, a compiled folder or .wasm file (the last two: wat only)',
    )
    .addOption(new Option('--emit <STAGE>', 'what to print').choices(stages).default('graph'))
    .option('--kernel <NAME>', 'only the kernel of that name')
    .option('--json', 'with --emit counts: print them as JSON')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .action(async (path: string, options: InspectArguments) => {
      process.stdout.write(await inspect(path, options));
    });

async function inspect(path: string, options: InspectArguments): Promise<string> {
  const { emit, kernel } = options;
  if (options.json && emit !== 'counts') throw new CompilerError('--json is for --emit counts');
  const binary = await readBinary(path);
  if (binary !== undefined) {
    if (emit !== 'wat' || kernel !== undefined)
      throw new CompilerError(`${path} holds compiled kernels: only --emit wat, and all of them`);
    return emitWat(binary);
  }
  const func = await readFunc(path);
  if (emit !== 'graph')
    return printKernels(
      choose(func ? [kernelOf(func, options.parallel)] : await kernelsOf(path, options), kernel),
      emit,
      options.json,
    );
  if (func !== undefined)
    throw new CompilerError(`${path} holds a func, which is in no graph: --emit tensor prints it`);
  if (kernel !== undefined) throw new CompilerError('--kernel chooses what the other stages print, not the graph');
  return printGraph(optimizeGraph(await checked(path, options)));
}

async function checked(path: string, options: InspectArguments): Promise<Graph> {
  const graph = await readModel(path, options);
  verifyGraph(graph);
  return requireStaticShapes(graph);
}

/** The kernel of each call. */
const kernelsOf = async (path: string, options: InspectArguments): Promise<readonly Kernel[]> =>
  buildKernels(optimizeGraph(await checked(path, options)), options.parallel).map((call) => call.kernel);

/** A func alone goes the way of a kernel; none of its inputs is a constant. */
function kernelOf(func: TensorFunc, parallel: ParallelAxis): Kernel {
  verifyFunc(func);
  return buildKernel(onlyDirect(func), { constants: new Set(), parallel });
}

async function readFunc(path: string): Promise<TensorFunc | undefined> {
  if (!path.endsWith('.tir')) return undefined;
  const text = new TextDecoder().decode(await readUserFile(path));
  return isFunc(text) ? parseTensorFunc(text, path) : undefined;
}

async function readBinary(path: string): Promise<Uint8Array | undefined> {
  if (await isArtifact(path)) return readFile(join(path, files.kernels));
  return path.endsWith('.wasm') ? readUserFile(path) : undefined;
}

function choose(kernels: readonly Kernel[], name: string | undefined): readonly Kernel[] {
  if (name === undefined) return kernels;
  const found = kernels.filter((kernel) => kernel.name === name);
  if (found.length === 0)
    throw new CompilerError(
      `no kernel is called ${name}; there are: ${[...new Set(kernels.map((kernel) => kernel.name))].join(', ')}`,
    );
  return found;
}

type KernelStage = Exclude<InspectArguments['emit'], 'graph'>;

async function printKernels(calls: readonly Kernel[], stage: KernelStage, asJson = false): Promise<string> {
  if (stage === 'counts') {
    const reports = countCalls(calls);
    return asJson ? `${JSON.stringify(reports, undefined, 1)}\n` : printCounts(reports);
  }
  const kernels = [...new Set(calls)];
  if (stage === 'wat')
    return emitWat(await emitWasm(kernels.flatMap((kernel) => flatForms(kernel).map(divideParallel))));
  const forms = (kernel: Kernel) => (stage === 'lowered' ? flatForms(kernel) : [kernel[stage]]);
  return kernels.flatMap(forms).map(printTensorFunc).join('\n');
}
