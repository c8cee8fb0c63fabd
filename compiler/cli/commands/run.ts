import { Command } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { loadOn, targetsFor } from '../../devices/load-on.ts';
import { compareTensors, type Difference, describeDifference } from '../../io/compare.ts';
import { readTensorFolder } from '../../io/tensor-folder.ts';
import type { TargetName } from '../../pipeline.ts';
import { gatherInputs } from '../inputs.ts';
import { artifactOf } from '../model-file.ts';
import {
  deviceOption,
  dimOption,
  type ModelOptions,
  parallelOption,
  parseNumber,
  type RelaxedSimd,
  relaxedSimdLoad,
  relaxedSimdOption,
  shapeOption,
  threadsOption,
} from '../options.ts';

interface RunArguments extends ModelOptions {
  readonly device: TargetName;
  readonly threads: number;
  readonly relaxedSimd: RelaxedSimd;
  readonly inputs?: string;
  readonly check?: string;
  readonly rtol: number;
  readonly atol: number;
  readonly json?: boolean;
}

export const runCommand = (): Command =>
  new Command('run')
    .description('run a model once, and compare its outputs with given ones')
    .argument('<MODEL|DIR>', 'a model file, or the folder of a compiled one')
    .option(
      '--inputs <DIR>',
      'a folder with input_N.pb, or NAME.npy; inputs that it lacks are random, from a fixed seed',
    )
    .option('--check <DIR>', 'a folder with output_N.pb, or NAME.npy, to compare the outputs with')
    .option('--rtol <X>', 'relative tolerance of the check', parseNumber, 1e-3)
    .option('--atol <Y>', 'absolute tolerance of the check', parseNumber, 1e-4)
    .option('--json', 'print outputs and differences as JSON')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(relaxedSimdOption())
    .action(run);

async function run(path: string, options: RunArguments): Promise<void> {
  const outputs = await outputsOf(path, options);
  const differences = options.check === undefined ? {} : await compare(outputs, options.check, options);
  const failed = Object.values(differences).some((difference) => difference.wrong > 0);
  process.stdout.write(options.json ? json(outputs, differences) : text(outputs, differences));
  if (failed) process.exitCode = 1;
}

async function outputsOf(path: string, options: RunArguments): Promise<Outputs> {
  const { device, relaxedSimd, threads } = options;
  const artifact = await artifactOf(path, options, targetsFor(device));
  const { model, close } = await loadOn(device, artifact, { ...relaxedSimdLoad(relaxedSimd), threads });
  try {
    return await model.run(await gatherInputs(model, options.inputs));
  } finally {
    await close();
  }
}

type Outputs = Readonly<Record<string, TensorData>>;
type Differences = Readonly<Record<string, Difference>>;

async function compare(outputs: Outputs, folder: string, options: RunArguments): Promise<Differences> {
  const expected = await readTensorFolder(folder, 'output', Object.keys(outputs));
  const names = Object.keys(expected);
  if (names.length === 0) throw new CompilerError(`${folder} holds no output to compare with (output_0.pb, NAME.npy)`);
  return Object.fromEntries(
    names.map((name) => [name, compareTensors(outputs[name] as TensorData, expected[name] as TensorData, options)]),
  );
}

const values = ({ dtype, data }: TensorData): readonly number[] =>
  Array.from<number | bigint, number>(data, (value) => (dtype === 'f16' ? f16ToNumber(Number(value)) : Number(value)));

function text(outputs: Outputs, differences: Differences): string {
  const lines = Object.entries(outputs).map(([name, tensor]) => {
    const first = values({ ...tensor, data: tensor.data.slice(0, 6) }).map((value) => Number(value.toPrecision(6)));
    const difference = differences[name];
    const verdict =
      difference === undefined
        ? ''
        : difference.wrong > 0
          ? `: FAILED, ${describeDifference(difference)}`
          : ': matches';
    return `${name}: ${tensor.dtype}[${tensor.shape.join(', ')}] = ${first.join(' ')}${tensor.data.length > 6 ? ' …' : ''}${verdict}\n`;
  });
  return lines.join('');
}

function json(outputs: Outputs, differences: Differences): string {
  const report = Object.entries(outputs).map(([name, tensor]) => [
    name,
    {
      dtype: tensor.dtype,
      shape: tensor.shape,
      data: values(tensor),
      ...(differences[name] && { check: differences[name] }),
    },
  ]);
  return `${JSON.stringify({ outputs: Object.fromEntries(report) })}\n`;
}
