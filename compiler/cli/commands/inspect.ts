import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { assertNever, CompilerError } from '../../../ir/errors.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { files } from '../../../runtime/manifest.ts';
import { emitWasm, emitWat } from '../../codegen/wasm/index.ts';
import type { Kernel } from '../../kernels.ts';
import { compile } from '../../pipeline.ts';
import { isArtifact, readModel, readUserFile } from '../model-file.ts';
import { type BindingOptions, dimOption, shapeOption } from '../options.ts';

const stages = ['graph', 'tensor', 'scheduled', 'lowered', 'wat'] as const;

interface InspectArguments extends BindingOptions {
  readonly emit: (typeof stages)[number];
  readonly kernel?: string;
}

export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('print a model as it is at a stage of the compiler')
    .argument('<MODEL|FILE>', 'a model file, a compiled folder or a .wasm file (the last two: wat only)')
    .addOption(new Option('--emit <STAGE>', 'what to print').choices(stages).default('graph'))
    .option('--kernel <NAME>', 'only the kernel of that name')
    .addOption(dimOption())
    .addOption(shapeOption())
    .action(async (path: string, options: InspectArguments) => {
      process.stdout.write(await inspect(path, options));
    });

async function inspect(path: string, options: InspectArguments): Promise<string> {
  const binary = await readBinary(path);
  if (binary !== undefined) {
    if (options.emit !== 'wat' || options.kernel !== undefined)
      throw new CompilerError(`${path} holds compiled kernels: only --emit wat, and all of them`);
    return emitWat(binary);
  }
  const graph = await readModel(path, options);
  const { fused, calls } = await compile(graph);
  if (options.emit === 'graph') return printGraph(fused);
  const kernels = choose([...new Set(calls.map((call) => call.kernel))], options.kernel);
  return options.emit === 'wat'
    ? printWat(kernels)
    : kernels.map((kernel) => printTensorFunc(form(kernel, options.emit))).join('\n');
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
      `no kernel is called ${name}; there are: ${kernels.map((kernel) => kernel.name).join(', ')}`,
    );
  return found;
}

function form(kernel: Kernel, stage: InspectArguments['emit']): TensorFunc {
  switch (stage) {
    case 'tensor':
      return kernel.tensor;
    case 'scheduled':
      return kernel.scheduled;
    case 'lowered':
      return kernel.lowered;
    case 'graph':
    case 'wat':
      throw new CompilerError(`${stage} is no form of a single kernel`);
    default:
      return assertNever(stage);
  }
}

const printWat = async (kernels: readonly Kernel[]): Promise<string> =>
  emitWat(await emitWasm(kernels.map((kernel) => kernel.lowered)));
