import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Value } from '../../../ir/graph/graph.ts';
import type { TensorInfo } from '../../../runtime/api.ts';
import { onNodeWebgpu } from '../../devices/node-webgpu.ts';
import type { DiffDevice, KernelSource } from '../../diff/device.ts';
import { diffGroups, type GroupDiff, type Tensors } from '../../diff/diff.ts';
import { tolerances } from '../../diff/tolerance.ts';
import { wasmDevice } from '../../diff/wasm.ts';
import { webgpuDevice } from '../../diff/webgpu.ts';
import { isAlias } from '../../kernels.ts';
import { compile, type TargetName, targets } from '../../pipeline.ts';
import { printAgreement, printDivergences } from '../diff-report.ts';
import { readInputs } from '../inputs.ts';
import { readModel } from '../model-file.ts';
import {
  dimOption,
  type ModelOptions,
  parallelOption,
  parseCount,
  parseNumber,
  type RelaxedSimd,
  relaxedSimdLoad,
  relaxedSimdOption,
  shapeOption,
} from '../options.ts';
import { openProgress } from '../progress.ts';

interface DiffArguments extends ModelOptions {
  readonly devices: readonly TargetName[];
  readonly inputs?: string;
  readonly seed: number;
  readonly rtol?: number;
  readonly atol?: number;
  readonly accumulate?: boolean;
  readonly save?: string;
  readonly relaxedSimd: RelaxedSimd;
}

export const diffCommand = (): Command =>
  new Command('diff')
    .description(
      'run a model group by group on devices and the interpreter, on the same operands, and report the first result that differs',
    )
    .argument('<MODEL>', 'a model file')
    .addOption(devicesOption())
    .option('--inputs <DIR>', 'a folder with inputs, as for run; those that it lacks are random')
    .option('--seed <N>', 'of random inputs', parseCount, 1)
    .option('--rtol <X>', 'relative tolerance (default: 1e-3, on webgpu 1e-2)', parseNumber)
    .option(
      '--atol <Y>',
      'absolute tolerance, times the root of the mean square of a result where that is above 1 (default: 1e-4, on webgpu 1e-3)',
      parseNumber,
    )
    .option('--accumulate', 'run each group on the results of the device itself, too, and tell how errors grow')
    .option('--save <DIR>', 'write the kernels of the first group that differs there')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .addOption(relaxedSimdOption())
    .action(run);

const infoOf = ({ name, type: { dtype, shape } }: Value): TensorInfo => ({
  name,
  dtype,
  shape: shape as readonly number[],
});

const REFERENCE = 'interpreter';

const devicesOption = (): Option =>
  new Option('--devices <DEVICES>', `what is compared, ${REFERENCE} and some of ${targets.join(',')}`)
    .argParser(parseDevices)
    .default(['wasm'], `wasm,${REFERENCE}`);

function parseDevices(text: string): readonly TargetName[] {
  const names = [...new Set(text.split(','))];
  const unknown = names.find((name) => name !== REFERENCE && !targets.some((target) => target === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is none of ${[...targets, REFERENCE].join(', ')}.`);
  const devices = targets.filter((target) => names.includes(target));
  if (!names.includes(REFERENCE) || devices.length === 0)
    throw new InvalidArgumentError(
      `Expected ${REFERENCE}, which the others are compared with, and one of ${targets.join(', ')}.`,
    );
  return devices;
}

async function run(path: string, options: DiffArguments): Promise<void> {
  const graph = await readModel(path, options);
  const compilation = await compile(graph, { targets: options.devices, parallel: options.parallel });
  const inputs = await readInputs(graph.inputs.map(infoOf), options.inputs, options.seed);
  const { files, webgpu } = compilation;
  for (const name of options.devices) {
    if (name === 'webgpu' && webgpu !== undefined)
      await onNodeWebgpu(({ device }) =>
        diffOn(name, () => webgpuDevice({ graph, files, calls: webgpu.calls }, device), inputs, options),
      );
    else await diffOn(name, () => wasmDevice(compilation, relaxedSimdLoad(options.relaxedSimd)), inputs, options);
  }
}

async function diffOn(
  name: TargetName,
  open: () => Promise<DiffDevice>,
  inputs: Tensors,
  { rtol, atol, accumulate = false, save }: DiffArguments,
): Promise<void> {
  const [device, own] = [await open(), accumulate ? await open() : undefined];
  const tolerance = { rtol: rtol ?? tolerances[name].rtol, atol: atol ?? tolerances[name].atol };
  const groups: GroupDiff[] = [];
  const progress = openProgress(device.fused.nodes.length, name);
  for await (const group of diffGroups(device, inputs, { tolerance, ...(own && { own }) })) {
    groups.push(group);
    progress.advance(`${name} ${group.group.name}`);
  }
  progress.stop();
  process.stdout.write(printAgreement(name, groups, { tolerance, left: leftGroups(device) }));
  const diverging = groups.flatMap(({ divergence, ...group }) => (divergence ? [{ ...group, divergence }] : []));
  const [first] = diverging;
  if (first !== undefined) {
    const sources = await device.sources(first.group);
    process.stdout.write(`\n${printDivergences(name, diverging, sources)}`);
    if (save !== undefined) await writeSources(save, sources);
    process.exitCode = 1;
  }
  await device.close();
  await own?.close();
}

/** How many groups a device leaves to the processor. */
const leftGroups = ({ fused, runs }: DiffDevice): number =>
  fused.nodes.filter((node) => node.op === 'fused' && !isAlias(node) && !runs(node)).length;

async function writeSources(folder: string, sources: readonly KernelSource[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { kernel, language, text } of sources) {
    const file = join(folder, `${kernel.replaceAll(/[^\w.-]+/g, '_')}.${language}`);
    await writeFile(file, text);
    process.stdout.write(`wrote ${file}\n`);
  }
}
