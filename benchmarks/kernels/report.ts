import type { Limits } from '../limits/arithmetic.ts';
import type { Bandwidth } from '../limits/memory.ts';
import { drawBars } from '../report/charts.ts';
import type { Report } from '../report/results.ts';
import { drawRoofline, type Roof } from '../report/roofline.ts';
import { medianPeak, VARIANTS } from './limit.ts';
import { type KernelResult, LINES, medianOf } from './measure-kernel.ts';
import type { WinogradResult } from './measure-winograd.ts';
import { limitTable, memoryTable, problemTable, RUNS, runTable, winogradTable } from './tables.ts';

export interface KernelMeasurements {
  readonly results: readonly KernelResult[];
  readonly winograd: readonly WinogradResult[];
  readonly limits: Limits;
  readonly memory: readonly Bandwidth[];
}

const METHOD = [
  'One thread an engine, all in one process, in turns of several runs, the first of which does not count, after a warm-up until times settle; medians. Runs under 3 ms are timed several at a time.',
  'Before any time is taken, each answer is compared with that of onnxruntime-node: |a − b| ≤ 1e-4 + 1e-3·|b|. What is wrong has no time.',
  'Limits are measured in the same turns as the kernel. Arithmetic: loops that only compute, in registers, products and sums in 7 + 7 chains, or relaxed_madd in 12. Memory: a loop that moves as many bytes as the kernel has to (inputs and weights read, outputs written, once each) and writes over what it has read, as a kernel may; what is left of the larger of both is only read or only written. The limit is the longer of both, named by "limit by".',
  'Flops are those of the definition: two a multiply-add, one for each element of an elementwise operator (erf and exp too) and for what a reduction reads.',
  'Kernels alone: the plan of the compiled artifact, without copying inputs and outputs; padding counts. Runs: from inputs in JavaScript to outputs in JavaScript, copies included, because onnxruntime-web cannot leave them out.',
  'Images stand as each engine has them inside a model: channels last for tilewright and tfjs, first for onnxruntime. Convolutions have a bias and ReLU; weights are constants.',
  'A kernel by itself gets no definition that needs more memory for its weights. The tables of Winograd’s filtering compare that (`growth: 0`) with what is chosen where memory does not count, also as kernels alone; filters are transformed when an artifact is loaded. Errors are the largest difference from onnxruntime-node with relaxed SIMD, as a part of the root mean square of the results.',
];

export async function kernelReport(measured: KernelMeasurements): Promise<Report> {
  const { results, winograd, limits, memory } = measured;
  const limitFlops = { relaxed: limits.relaxedMadd.flops, mulAdd: limits.mulAdd.flops };
  return {
    name: 'kernels',
    title: 'Kernels against the limits of the machine and against peers, one thread',
    method: METHOD,
    tables: [
      ...VARIANTS.map((variant) => limitTable(measured, variant)),
      ...(winograd.length === 0 ? [] : [winogradTable(winograd, 'relaxed'), winogradTable(winograd, 'mulAdd')]),
      runTable(results),
      memoryTable(memory),
      ...problemTable(measured),
    ],
    charts: { 'roofline.svg': await roofline(measured), 'kernels.svg': await bars(results) },
    data: { memory, limitFlops, results, winograd },
  };
}

function roofline({ results, limits, memory }: KernelMeasurements): Promise<string> {
  const points = results.flatMap(({ id, kind, cost, lines }) =>
    (['kernelRelaxed', 'kernelMulAdd'] as const).map((line) => ({
      id,
      kind,
      line: LINES[line],
      intensity: cost.flops / (cost.bytesRead + cost.bytesWritten),
      gflops: cost.flops / medianOf(lines[line]) / 1e6,
    })),
  );
  const [relaxed = NaN, mulAdd = NaN] = VARIANTS.map((variant) => medianPeak(results, variant, limits));
  const ofMemory = ({ bytes, read, copy, update }: Bandwidth): Roof => ({
    name: `${bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`} moved`,
    peak: relaxed,
    bandwidth: Math.max(read, copy, update),
  });
  const roofs: readonly Roof[] = [
    { name: 'relaxed_madd', peak: relaxed },
    { name: 'mul + add', peak: mulAdd },
    ...memory.filter(({ bytes }) => ROOFS.includes(bytes)).map(ofMemory),
  ];
  return drawRoofline(
    points.filter(({ gflops }) => Number.isFinite(gflops)),
    roofs,
  );
}

/** The sizes whose memory is drawn. */
const ROOFS: readonly number[] = [2 ** 18, 2 ** 22, 2 ** 26];

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
