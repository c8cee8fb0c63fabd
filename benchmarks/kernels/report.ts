import type { Limits } from '../limits/arithmetic.ts';
import type { Bandwidth } from '../limits/memory.ts';
import { quantile } from '../measure.ts';
import { drawBars } from '../report/charts.ts';
import { digits, geometricMean, percent } from '../report/format.ts';
import type { Report } from '../report/results.ts';
import { drawRoofline, type Roof } from '../report/roofline.ts';
import type { Table } from '../report/table.ts';
import { bandwidthAt, limitOf, peakOf, type Variant } from './limit.ts';
import { type KernelResult, LINES, type Line, medianOf } from './measure-kernel.ts';

const VARIANTS: readonly Variant[] = ['Relaxed', 'MulAdd'];
const RUNS: readonly Line[] = ['tilewright', 'onnxruntimeWeb', 'tfjs', 'onnxruntimeNode'];

const METHOD = [
  'One thread an engine, all in one process, in turns (A B A B …) after a warm-up until times settle; medians. Runs under 3 ms are timed several at a time.',
  'Before any time is taken, each answer is compared with that of onnxruntime-node: |a − b| ≤ 1e-4 + 1e-3·|b|. What is wrong has no time.',
  'The limits are kernels that only compute, in registers, measured in the same turns: products and sums in 7 + 7 chains, and relaxed_madd in 12. The limit of a kernel is the longer of its flops at that speed and of its bytes (inputs, weights and outputs, once each) at the copying speed of the smallest memory that holds them; "by" names which.',
  'Flops are those of the definition: two a multiply-add, one for each element of an elementwise operator (erf and exp too) and for what a reduction reads. A faster algorithm such as Winograd can therefore pass 100 %.',
  'Kernels alone: the plan of the compiled artifact, without copying inputs and outputs. Runs: from inputs in JavaScript to outputs in JavaScript, copies included, because onnxruntime-web cannot leave them out.',
  'Images stand as each engine has them inside a model: channels last for tilewright and tfjs, first for onnxruntime. Convolutions have a bias and ReLU; weights are constants.',
];

export async function kernelReport(
  results: readonly KernelResult[],
  limits: Limits,
  memory: readonly Bandwidth[],
): Promise<Report> {
  return {
    name: 'kernels',
    title: 'Kernels against the limits of the machine and against peers, one thread',
    method: METHOD,
    tables: [limitTable(results, limits, memory), runTable(results), memoryTable(memory), ...problemTable(results)],
    charts: {
      'roofline.svg': await roofline(results, limits, memory),
      'kernels.svg': await bars(results),
    },
    data: { memory, limitFlops: { relaxed: limits.relaxedMadd.flops, mulAdd: limits.mulAdd.flops }, results },
  };
}

function limitTable(results: readonly KernelResult[], limits: Limits, memory: readonly Bandwidth[]): Table {
  const cells = (result: KernelResult, variant: Variant): readonly string[] => {
    const ms = medianOf(result.lines[`kernel${variant}`]);
    const limit = limitOf(result, variant, limits, memory);
    return [digits(ms), digits(result.cost.flops / ms / 1e6), percent(limit.ms / ms), limit.by];
  };
  const variantHead = (name: string) => [`${name} ms`, 'GFLOP/s', 'of the limit', 'by'];
  const peaks = VARIANTS.map((variant) => median(results.map((result) => peakOf(result, variant, limits))));
  return {
    title: 'Kernels alone',
    head: ['kernel', 'MFLOP', ...variantHead('relaxed_madd'), ...variantHead('mul + add')],
    rows: [
      ...results.map((result) => [
        result.id,
        digits(result.cost.flops / 1e6),
        ...VARIANTS.flatMap((variant) => cells(result, variant)),
      ]),
      ['limit in registers (median)', '', '', digits(peaks[0] ?? NaN), '', '', '', digits(peaks[1] ?? NaN), '', ''],
    ],
  };
}

function runTable(results: readonly KernelResult[]): Table {
  const wasm = results.map(({ lines }) => bestPeer(lines) / medianOf(lines.tilewright));
  const native = results.map(({ lines }) => medianOf(lines.onnxruntimeNode) / medianOf(lines.tilewright));
  return {
    title: 'Runs, milliseconds from inputs to outputs',
    head: ['kernel', ...RUNS.map((line) => LINES[line]), 'best wasm peer / ours', 'native / ours'],
    rows: [
      ...results.map(({ id, lines }, index) => [
        id,
        ...RUNS.map((line) => `${isUnsettled(lines[line]) ? '~' : ''}${digits(medianOf(lines[line]))}`),
        digits(wasm[index] ?? NaN),
        digits(native[index] ?? NaN),
      ]),
      [
        'geometric mean',
        '',
        '',
        '',
        '',
        digits(geometricMean(wasm.filter(Number.isFinite))),
        digits(geometricMean(native.filter(Number.isFinite))),
      ],
    ],
  };
}

const isUnsettled = (line: KernelResult['lines'][Line]): boolean => !('problem' in line) && !line.settled;

function bestPeer(lines: KernelResult['lines']): number {
  const times = [medianOf(lines.onnxruntimeWeb), medianOf(lines.tfjs)].filter(Number.isFinite);
  return times.length === 0 ? Number.NaN : Math.min(...times);
}

const memoryTable = (memory: readonly Bandwidth[]): Table => ({
  title: 'Memory, one thread',
  head: ['KiB', 'read GB/s', 'copy GB/s, both ways'],
  rows: memory.map(({ bytes, read, copy }) => [String(bytes / 1024), digits(read), digits(copy)]),
});

/** No table where there is nothing to say. */
function problemTable(results: readonly KernelResult[]): readonly Table[] {
  const rows = results.flatMap(({ id, lines }) =>
    Object.entries(lines).flatMap(([line, measured]) =>
      'problem' in measured ? [[`${id}, ${LINES[line as Line]}`, measured.problem]] : [],
    ),
  );
  return rows.length === 0 ? [] : [{ title: 'Without a time', head: ['kernel', 'why'], rows }];
}

function roofline(results: readonly KernelResult[], limits: Limits, memory: readonly Bandwidth[]): Promise<string> {
  const points = results.flatMap(({ id, cost, lines }) =>
    (['kernelRelaxed', 'kernelMulAdd'] as const).map((line) => ({
      id,
      line: LINES[line],
      intensity: cost.flops / cost.bytes,
      gflops: cost.flops / medianOf(lines[line]) / 1e6,
    })),
  );
  const [relaxed = NaN, mulAdd = NaN] = VARIANTS.map((variant) =>
    median(results.map((result) => peakOf(result, variant, limits))),
  );
  const ofMemory = (bytes: number): Roof => ({
    name: `memory of ${bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`}`,
    peak: relaxed,
    bandwidth: bandwidthAt(memory, bytes),
  });
  const roofs: readonly Roof[] = [
    { name: LINES.limitRelaxed, peak: relaxed },
    { name: LINES.limitMulAdd, peak: mulAdd },
    ...[2 ** 18, 2 ** 22, 2 ** 26].map(ofMemory),
  ];
  return drawRoofline(
    points.filter(({ gflops }) => Number.isFinite(gflops)),
    roofs,
  );
}

function bars(results: readonly KernelResult[]): Promise<string> {
  const values = results.flatMap(({ id, lines }) =>
    RUNS.map((line) => ({
      group: id,
      line: LINES[line],
      value: medianOf(lines.onnxruntimeWeb) / medianOf(lines[line]),
    })),
  );
  return drawBars(
    values.filter(({ value }) => Number.isFinite(value)),
    'Runs of kernels, one thread',
    'times as fast as onnxruntime-web',
  );
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
