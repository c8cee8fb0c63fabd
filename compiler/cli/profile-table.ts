import Table from 'cli-table3';
import type { CopySpeed } from '../profile/limits/limits.ts';
import type { Profile } from '../profile/profile.ts';
import { type KernelSummary, summarize } from '../profile/summary.ts';

/** A device, its limits, and a row a kernel, those first that take the most time. */
export function printProfile(profile: Profile): string {
  const { device, name, method, runMs, runs, limits } = profile;
  const { kernels, all } = summarize(profile);
  const table = new Table({
    head: ['kernel', 'result', 'calls', 'ms', 'share', 'GFLOP/s', 'GB/s', 'of limit', 'set by'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...[...kernels, all].map(rowOf));
  const lines = [
    `${device}: ${name}`,
    `a run takes ${digits(runMs)} ms; its kernels ${digits(all.ms)} ms, medians of ${runs} runs (${method})`,
    `limits: ${digits(limits.gflops)} GFLOP/s in registers; copies ${printCopies(limits.copies)}`,
    table.toString(),
  ];
  return `${lines.join('\n')}\n`;
}

const printCopies = (copies: readonly CopySpeed[]): string =>
  copies.map(({ bytes, gbps }) => `${digits(gbps)} GB/s of ${size(bytes)}`).join(', ');

const rowOf = ({ kernel, results = '', calls, ms, share, rates }: KernelSummary): string[] => [
  kernel,
  results,
  `${calls}`,
  digits(ms),
  percent(share),
  ...(rates === undefined
    ? ['', '', '', '']
    : [rates.gflops > 0 ? digits(rates.gflops) : '', digits(rates.gbps), percent(rates.ofLimit), rates.by]),
];

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const digits = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));
const size = (bytes: number): string => (bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`);
