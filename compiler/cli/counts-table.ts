import Table from 'cli-table3';
import { wasmRelaxedSimd, wasmSimd } from '../../schedules/target/target.ts';
import { countKernel, type KernelCounts } from '../counts/count-kernel.ts';
import { addCounts, type Counts, noCounts, scaleCounts } from '../counts/counts.ts';
import type { Kernel } from '../kernels.ts';
import { fuseMultiplyAdd } from '../tensor-passes/fuse-multiply-add.ts';

/** What each variant of a kernel executes in one call. */
export interface KernelReport {
  readonly name: string;
  readonly calls: number;
  readonly simd: KernelCounts;
  readonly relaxed: KernelCounts;
}

/** A report on each phase of each distinct kernel of a list of calls. */
export const countCalls = (calls: readonly Kernel[]): readonly KernelReport[] =>
  [...Map.groupBy(calls, (kernel) => kernel)].flatMap(([kernel, { length }]) =>
    kernel.lowered.map((phase, i) => ({
      name: phase.name,
      calls: length,
      simd: countKernel(phase, wasmSimd),
      relaxed: countKernel(fuseMultiplyAdd(kernel.relaxed.lowered[i] ?? phase), wasmRelaxedSimd),
    })),
  );

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });

/** Counts of one call of each kernel, and of a round of its hottest loop; of the whole model in the last row. */
export function printCounts(reports: readonly KernelReport[]): string {
  const head = ['kernel', 'calls', 'flops', 'bytes', 'v128', 'loads', 'stores'];
  const ofLoop = ['hot loop', 'rounds', 'v128', 'loads', 'stores', 'alive', 'relaxed: v128', 'alive'];
  const table = new Table({
    head: [...head, ...ofLoop],
    colAligns: [...head, ...ofLoop].map((title) => (title === 'kernel' || title === 'hot loop' ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const report of reports) table.push(rowOf(report));
  const total = reports.reduce((sum, { calls, simd }) => addCounts(sum, scaleCounts(simd.counts, calls)), noCounts);
  const [calls, bytes] = [sumOf(reports, () => 1), sumOf(reports, ({ simd }) => simd.footprint)];
  table.push(['all', `${calls}`, ...countCells(total, bytes), ...ofLoop.map(() => '')]);
  return `${table.toString()}\n`;
}

const sumOf = (reports: readonly KernelReport[], f: (report: KernelReport) => number): number =>
  reports.reduce((sum, report) => sum + report.calls * f(report), 0);

function rowOf({ name, calls, simd, relaxed }: KernelReport): string[] {
  const cells = [name, `${calls}`, ...countCells(simd.counts, simd.footprint)];
  const [hot, relaxedHot] = [simd.loops[0], relaxed.loops[0]];
  if (hot === undefined) return [...cells, ...new Array<string>(8).fill('')];
  const { vectorOps, loads, stores } = hot.counts;
  const ofRelaxed = [relaxedHot?.counts.vectorOps, relaxedHot?.vectorsAlive];
  const numbers = [hot.rounds, vectorOps, loads, stores, hot.vectorsAlive, ...ofRelaxed];
  return [...cells, hot.loopVar, ...numbers.map((number) => (number === undefined ? '' : compact.format(number)))];
}

const countCells = ({ flops, vectorOps, loads, stores }: Counts, bytes: number): readonly string[] =>
  [flops, bytes, vectorOps, loads, stores].map((count) => compact.format(count));
