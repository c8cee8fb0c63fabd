import type { Bandwidth } from '../limits/memory.ts';
import { digits, geometricMean, percent } from '../report/format.ts';
import type { Table } from '../report/table.ts';
import { limitOf, medianPeak, type Variant } from './limit.ts';
import { type KernelResult, LINES, type Line, medianOf } from './measure-kernel.ts';
import type { WinogradResult } from './measure-winograd.ts';
import type { KernelMeasurements } from './report.ts';

/** The engines whose runs are compared. */
export const RUNS: readonly Line[] = ['tilewright', 'onnxruntimeWeb', 'tfjs', 'onnxruntimeNode'];

export function limitTable({ results, limits }: KernelMeasurements, variant: Variant): Table {
  const row = (result: KernelResult): readonly string[] => {
    const { flops, bytesRead, bytesWritten } = result.cost;
    const ms = medianOf(result.lines[`kernel${variant}`]);
    const limit = limitOf(result, variant, limits);
    const work = [digits(flops / 1e6), digits((bytesRead + bytesWritten) / 1e6)];
    return [
      result.id,
      ...work,
      digits(ms),
      digits(flops / ms / 1e6),
      digits(limit.ms),
      limit.by,
      percent(limit.ms / ms),
    ];
  };
  return {
    title: `Kernels alone, ${variant === 'Relaxed' ? 'relaxed_madd' : 'mul + add'}`,
    head: ['kernel', 'MFLOP', 'MB', 'ms', 'GFLOP/s', 'limit ms', 'limit by', 'of the limit'],
    rows: [
      ...results.map(row),
      ['arithmetic limit (median)', '', '', '', digits(medianPeak(results, variant, limits)), '', '', ''],
    ],
  };
}

export function runTable(results: readonly KernelResult[]): Table {
  const wasm = results.map(({ lines }) => bestPeer(lines) / medianOf(lines.tilewright));
  const native = results.map(({ lines }) => medianOf(lines.onnxruntimeNode) / medianOf(lines.tilewright));
  const means = [wasm, native].map((ratios) => digits(geometricMean(ratios.filter(Number.isFinite))));
  const rows = results.map(({ id, lines }, index) => [
    id,
    ...RUNS.map((line) => `${isUnsettled(lines[line]) ? '~' : ''}${digits(medianOf(lines[line]))}`),
    ...[wasm, native].map((ratios) => digits(ratios[index] ?? NaN)),
  ]);
  return {
    title: 'Runs, milliseconds from inputs to outputs',
    head: ['kernel', ...RUNS.map((line) => LINES[line]), 'best wasm peer / ours', 'native / ours'],
    rows: [...rows, ['geometric mean', ...RUNS.map(() => ''), ...means]],
  };
}

const isUnsettled = (line: KernelResult['lines'][Line]): boolean => !('problem' in line) && !line.settled;

function bestPeer(lines: KernelResult['lines']): number {
  const times = [medianOf(lines.onnxruntimeWeb), medianOf(lines.tfjs)].filter(Number.isFinite);
  return times.length === 0 ? Number.NaN : Math.min(...times);
}

export function winogradTable(results: readonly WinogradResult[], variant: 'relaxed' | 'mulAdd'): Table {
  return {
    title: `Winograd’s filtering, ${variant === 'relaxed' ? 'relaxed_madd' : 'mul + add'}`,
    head: ['kernel', 'plain', 'ms', 'faster', 'ms', 'plain / faster', 'effective GFLOP/s', 'error, plain', 'faster'],
    rows: results.map(({ id, cost, plain, fastest }) => {
      const [plainMs, fastestMs] = [plain, fastest].map((one) => medianOf(one[variant])) as [number, number];
      return [
        id,
        plain.definition,
        digits(plainMs),
        fastest.definition,
        digits(fastestMs),
        digits(plainMs / fastestMs),
        digits(cost.flops / fastestMs / 1e6),
        ...[plain, fastest].map(({ error }) => error.toExponential(1)),
      ];
    }),
  };
}

export const memoryTable = (memory: readonly Bandwidth[]): Table => ({
  title: 'Memory, GB/s, reads and writes together',
  head: ['KiB moved', 'read', 'copied', 'updated in place'],
  rows: memory.map(({ bytes, read, copy, update }) => [
    String(bytes / 1024),
    ...[read, copy, update].map((speed) => digits(speed)),
  ]),
});

/** No table where there is nothing to say. */
export function problemTable({ results, winograd }: KernelMeasurements): readonly Table[] {
  const named = [
    ...results.flatMap(({ id, lines }) =>
      Object.entries(lines).map(([line, measured]) => [`${id}, ${LINES[line as Line]}`, measured] as const),
    ),
    ...winograd.flatMap(({ id, plain, fastest }) =>
      [plain, fastest].flatMap(({ definition, relaxed, mulAdd }) =>
        [relaxed, mulAdd].map((measured) => [`${id}, ${definition}`, measured] as const),
      ),
    ),
  ];
  const rows = named.flatMap(([name, measured]) => ('problem' in measured ? [[name, measured.problem]] : []));
  return rows.length === 0 ? [] : [{ title: 'Without a time', head: ['kernel', 'why'], rows }];
}
