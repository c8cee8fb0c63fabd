import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import type { Timing } from './measure.ts';

/** One model: a timing for each engine in the order of `engines`, or why there is none. */
export interface Result {
  readonly id: string;
  readonly mmacs: number | undefined;
  readonly timings: readonly Timing[];
  readonly problem: string | undefined;
}

/** Ours is the first engine: a ratio above 1 says that the other one takes longer. */
export function printTable(engines: readonly string[], results: readonly Result[]): string {
  const [, peer = ''] = engines;
  const head = ['model', ...engines.map((name) => `${name} ms`), `${peer} / ours`];
  const style = { head: [], border: [], compact: true };
  const table = new Table({ head, colAligns: ['left', 'right', 'right', 'right'], style });
  for (const result of results) {
    if (result.problem === undefined) {
      table.push([result.id, ...result.timings.map((timing) => format(timing)), ratioOf(result).toFixed(2)]);
    } else {
      table.push([result.id, { colSpan: 3, content: result.problem, wordWrap: true }]);
    }
  }
  table.push(['geometric mean', ...engines.map(() => ''), meanRatio(results).toFixed(2).replace('NaN', '–')]);
  return table.toString();
}

export function meanRatio(results: readonly Result[]): number {
  const logs = results.filter((result) => result.problem === undefined).map((result) => Math.log(ratioOf(result)));
  // Of no model at all there is none: NaN, which the table shows as a dash.
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

export function describeMethod(): Readonly<Record<string, string>> {
  return {
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} of its cores for this process`,
    system: `${process.platform} ${process.arch}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    method:
      'one thread each, in turns (A B A B …) in one process after a warm-up until times settle; medians of a run ' +
      'with its outputs read; outputs checked against the reference before; ~ marks times that had not settled',
  };
}

export async function writeResults(name: string, content: unknown): Promise<string> {
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const file = `${name}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`;
  await writeFile(new URL(file, folder), `${JSON.stringify(content, undefined, 2)}\n`);
  return `benchmarks/results/${file}`;
}

function ratioOf({ timings }: Result): number {
  const [ours, peer] = timings;
  return (peer?.medianMs ?? Number.NaN) / (ours?.medianMs ?? Number.NaN);
}

function format({ medianMs, settled }: Timing): string {
  return `${settled ? '' : '~'}${medianMs.toFixed(medianMs < 10 ? 3 : 1)}`;
}
