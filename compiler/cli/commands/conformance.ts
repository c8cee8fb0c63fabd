import { rm, writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { runSuite } from '../../conformance/run-suite.ts';
import type { Verdict } from '../../conformance/run-test.ts';
import { type ConformanceTest, findTests, unpackSuite } from '../../conformance/suite.ts';
import { defaultTolerance, webgpuTolerance } from '../../conformance/tolerance.ts';
import type { TargetName } from '../../pipeline.ts';
import { deviceOption, parseNumber } from '../options.ts';
import { openProgress } from '../progress.ts';

interface ConformanceArguments {
  readonly filter?: RegExp;
  readonly json?: string;
  readonly device: TargetName;
  readonly rtol?: number;
  readonly atol?: number;
}

export const conformanceCommand = (): Command =>
  new Command('conformance')
    .description("run ONNX's backend tests: each passes, is refused with the reason, or fails")
    .argument('<ROOT>', 'a folder <kind>/<test>/model.onnx with test_data_set_N, or a .tar.gz of it')
    .option('--filter <RE>', 'only tests whose <kind>/<test> matches', parseRegExp)
    .option('--json <FILE>', 'write all verdicts and totals as JSON')
    .addOption(deviceOption())
    .option(
      '--rtol <X>',
      `relative tolerance (default: ${defaultTolerance.rtol}; on webgpu ${webgpuTolerance.rtol})`,
      parseNumber,
    )
    .option(
      '--atol <Y>',
      `absolute tolerance (default: ${defaultTolerance.atol}; on webgpu ${webgpuTolerance.atol})`,
      parseNumber,
    )
    .action(run);

function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A model takes a few seconds to compile, a test of one operator some milliseconds; a driver in software, minutes for a model's shaders. */
const secondsPerTest: Readonly<Record<TargetName, number>> = { wasm: 60, webgpu: 600 };

async function run(root: string, options: ConformanceArguments): Promise<void> {
  const archive = /\.(tar\.gz|tgz)$/.test(root);
  const folder = archive ? await unpackSuite(root) : root;
  try {
    const tests = await findTests(folder);
    const verdicts = await runAll(
      tests.filter((test) => options.filter?.test(test.name) ?? true),
      options,
    );
    process.stdout.write(`${listing(verdicts)}${operatorTable(verdicts)}\n${totals(verdicts)}\n`);
    if (verdicts.some((verdict) => verdict.verdict === 'fail')) process.exitCode = 1;
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(report(verdicts), undefined, 1)}\n`);
  } finally {
    if (archive) await rm(folder, { recursive: true, force: true });
  }
}

async function runAll(
  tests: readonly ConformanceTest[],
  { device, rtol, atol }: ConformanceArguments,
): Promise<readonly Verdict[]> {
  const usual = device === 'webgpu' ? webgpuTolerance : defaultTolerance;
  const progress = openProgress(tests.length, '');
  try {
    return await runSuite(tests, {
      device,
      tolerance: { rtol: rtol ?? usual.rtol, atol: atol ?? usual.atol },
      timeLimit: secondsPerTest[device],
      onVerdict: ({ name, verdict }) => progress.advance(`${verdict} ${name}`),
    });
  } finally {
    progress.stop();
  }
}

const listing = (verdicts: readonly Verdict[]): string =>
  verdicts
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ name, verdict, reason }) => `${verdict} ${name}: ${reason}\n`)
    .join('');

type Counts = Record<Verdict['verdict'], number>;

function count(verdicts: readonly Verdict[]): Counts {
  const counts: Counts = { pass: 0, refused: 0, fail: 0 };
  for (const { verdict } of verdicts) counts[verdict]++;
  return counts;
}

function byOperator(verdicts: readonly Verdict[]): readonly (readonly [string, Counts])[] {
  const operators = [...new Set(verdicts.flatMap((verdict) => verdict.operators))].sort();
  return operators.map((operator) => [
    operator,
    count(verdicts.filter((verdict) => verdict.operators.includes(operator))),
  ]);
}

const report = (verdicts: readonly Verdict[]) => ({
  totals: count(verdicts),
  operators: Object.fromEntries(byOperator(verdicts)),
  tests: verdicts,
});

function operatorTable(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ['operator', 'pass', 'refused', 'fail'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [operator, { pass, refused, fail }] of byOperator(verdicts)) table.push([operator, pass, refused, fail]);
  return table.toString();
}

const totals = (verdicts: readonly Verdict[]): string => {
  const { pass, refused, fail } = count(verdicts);
  return `${pass} pass, ${refused} refused, ${fail} fail, of ${verdicts.length}`;
};
