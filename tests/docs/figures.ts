import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelResult, Line } from '../../benchmarks/kernels/measure-kernel.ts';
import { quantile } from '../../benchmarks/measure.ts';
import type { ModelResult } from '../../benchmarks/models/measure-model.ts';
import { digits, finePercent, geometricMean, percent } from '../../benchmarks/report/format.ts';
import { gainShare, rateOf, trialRatio } from '../../benchmarks/tuning/goal-tables.ts';
import type { TuningResults } from '../../benchmarks/tuning/goals.ts';
import type { HeldOut } from '../../benchmarks/tuning/ranking-quality.ts';
import type { PageResult } from '../../benchmarks/webgpu/page.ts';
import { root } from '../house/source-files.ts';

const fileOf = (part: string): string => join(root, 'benchmarks', 'results', `${part}.json`);

/** What `npm run bench` has written of a part. */
const read = (part: string) =>
  JSON.parse(readFileSync(fileOf(part), 'utf8')) as {
    readonly conditions: Readonly<Record<string, string>>;
    readonly data: unknown;
  };

/** Milliseconds of ours, how many times as long the others take, and how many times as fast two threads are. */
export function modelRows(): readonly (readonly string[])[] {
  const [models, threads] = ['models', 'threads'].map(
    (part) => (read(part).data as { results: ModelResult[] }).results,
  );
  const ratio = (result: ModelResult | undefined, over: number, under: number): number =>
    (result?.timings[over]?.medianMs ?? Number.NaN) / (result?.timings[under]?.medianMs ?? Number.NaN);
  const ratios = (models ?? []).map((model) => [
    ratio(model, 1, 0),
    ratio(model, 2, 0),
    ratio(
      threads?.find(({ id }) => id === model.id),
      0,
      1,
    ),
  ]);
  const means = [0, 1, 2].map((column) => meanOf(ratios.map((row) => row[column] ?? Number.NaN)));
  const ours = (models ?? []).map(({ id, timings }) => [id, digits(timings[0]?.medianMs ?? Number.NaN)]);
  return [...ours, ['geometric mean', '']].map((cells, i) => [...cells, ...(ratios[i] ?? means).map(digits)]);
}

export function otherRows(): readonly (readonly string[])[] {
  const { results, limitFlops } = read('kernels').data as {
    results: KernelResult[];
    limitFlops: { relaxed: number; mulAdd: number };
  };
  const startup = read('startup').data as { compileMs: number; brotliBytes: number; firstResultMs: number };
  const ms = ({ lines }: KernelResult, line: Line): number =>
    'problem' in lines[line] ? Number.NaN : lines[line].medianMs;
  const products = results.filter(({ kind }) => kind === 'matmul' || kind === 'conv');
  const ofLimit = (kernel: Line, limit: Line, flops: number): string =>
    percent(meanOf(products.map((one) => (one.cost.flops * ms(one, limit)) / (flops * ms(one, kernel)))));
  const ofPeer = results.map((one) => Math.min(ms(one, 'onnxruntimeWeb'), ms(one, 'tfjs')) / ms(one, 'tilewright'));
  const what = `${products.length} matrix products and convolutions, part of the speed of arithmetic in registers`;
  return [
    [`${what}: with relaxed SIMD`, ofLimit('kernelRelaxed', 'limitRelaxed', limitFlops.relaxed)],
    [`${what}: without`, ofLimit('kernelMulAdd', 'limitMulAdd', limitFlops.mulAdd)],
    [`${results.length} kernels: time of the fastest WebAssembly peer over ours`, digits(meanOf(ofPeer))],
    ['MobileNetV2: compile', `${digits(startup.compileMs / 1000)} s`],
    ['MobileNetV2: kernels, manifest and loader, brotli', `${digits(startup.brotliBytes / 1000)} KB`],
    ['MobileNetV2: process start to first result, beside reading weights', `${digits(startup.firstResultMs)} ms`],
  ];
}

/** What of tuning was measured. */
export function tuningRows(): readonly (readonly string[])[] {
  const goals = existsSync(fileOf('tuning')) ? (read('tuning').data as Partial<TuningResults>) : {};
  const { models = [], rate, builds = [], transfer = [], search } = goals;
  const ranked = (read('prior').data as { results: HeldOut[] }).results;
  const mean = (of: (result: HeldOut) => number): number =>
    ranked.reduce((sum, one) => sum + of(one), 0) / ranked.length;
  const long = models.flatMap(({ id, long: run }) => (run === undefined ? [] : [{ id, ...run }]));
  return [
    ...models.map(({ id, short, defaultMs, shortMs }) => [
      `${id}, tuned for ${short.seconds.toFixed(0)} s: default schedules over tuned ones`,
      digits(defaultMs / shortMs),
    ]),
    ...long.map(({ id, seconds, shortMs, ms }) => [
      `${id}: over those of ${(seconds / 60).toFixed(0)} min`,
      digits(shortMs / ms),
    ]),
    ...transfer.map((result) => [
      `${result.id}: part of the gain of tuning the latter itself`,
      percent(gainShare(result)),
    ]),
    ...builds.map(({ id, plainMs, withDatabaseMs }) => [
      `${id}: to compile with its database over without`,
      digits(withDatabaseMs / plainMs),
    ]),
    ...(rate === undefined ? [] : [['candidates of kernels under 1 ms, a second', digits(rateOf(rate))]]),
    ...(search === undefined
      ? []
      : [['trials to within 5 % of the best: random order over the cost model', digits(trialRatio(search))]]),
    [
      `${ranked.length} layers that the cost model does not know, before anything is measured: Spearman’s correlation`,
      digits(mean(({ prior }) => prior.spearman)),
    ],
    [
      'by how much the best of its first eight is slower than the best of all',
      finePercent(mean(({ prior }) => prior.regret)),
    ],
    ['the same of eight at random', finePercent(mean(({ chance }) => chance))],
  ];
}

/** Milliseconds of ours on a GPU in a browser, and how many times as long the others take. */
export function webgpuRows(): readonly (readonly string[])[] {
  const { results } = read('webgpu').data as { readonly results: Readonly<Record<string, readonly PageResult[]>> };
  return Object.entries(results).map(([id, engines]) => {
    const [ours, ...others] = ['tilewright', 'onnxruntime-web', 'naive'].map((engine) =>
      quantile(engines.find((one) => one.engine === engine)?.ms ?? [], 0.5),
    );
    return [id, digits(ours ?? Number.NaN), ...others.map((ms) => digits(ms / (ours ?? Number.NaN)))];
  });
}

export function conditions(): string {
  const { date, machine, system } = read('models').conditions;
  return `Measured on ${date}: ${machine}; ${system}.\n`;
}

const meanOf = (ratios: readonly number[]): number => geometricMean(ratios.filter(Number.isFinite));
