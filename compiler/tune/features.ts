import { byteSize } from '../../ir/dtype.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { walk } from '../../ir/tensor/visit.ts';
import type { Target } from '../../schedules/target/target.ts';
import { gridOf } from '../codegen/wgsl/index.ts';
import { countKernel, type KernelCounts } from '../counts/count-kernel.ts';
import { addCounts, instructionsOf, noCounts } from '../counts/counts.ts';
import { staticElements } from '../static-shape.ts';
import { accessesIn, type HotLoop, hotLoops } from './hot-loops.ts';

/** What a cost model is told of a kernel, and whether it fits the registers and is not too long. */
export interface Analysis {
  /** Named by `featureNames`: logarithms of numbers, shares as they are. */
  readonly features: readonly number[];
  /** The most vectors that are alive at once in the loop in which most is executed. */
  readonly vectorsAlive: number;
  /** Statements and expressions in all its phases. */
  readonly nodes: number;
}

/** So many of the innermost loops are described one by one. */
const LOOPS = 3;
/** The loop in which most is executed, and so many loops around it, are asked for the memory that they touch. */
const LEVELS = 3;

const kernelFeatures = [
  'flops',
  'vector ops',
  'scalar ops',
  'loads',
  'stores',
  'loaded bytes',
  'stored bytes',
  'footprint',
  'reuse',
  'flops a byte',
  'flops a footprint',
  'vector share',
  'phases',
  'loops',
  'innermost loops',
  'code',
  'depth',
  'temp bytes',
  'shared bytes',
  'operand bytes',
] as const;

const loopFeatures = [
  'share',
  'rounds',
  'extent',
  'instructions',
  'vector ops',
  'scalar ops',
  'loads',
  'stores',
  'flops a load',
  'vectors alive',
  'sums',
] as const;

const levelFeatures = ['touched', 'reuse'] as const;

/** Of the dispatch in which most is executed. */
const dispatchFeatures = [
  'workgroups',
  'invocations',
  'flops',
  'loaded bytes',
  'stored bytes',
  'shared bytes',
] as const;

/** What each feature is, in order; a prior is for candidates with these. Those of a GPU have `dispatchFeatureNames` more. */
export const featureNames: readonly string[] = [
  ...kernelFeatures,
  ...numbered(LOOPS, 'loop').flatMap((loop) => loopFeatures.map((feature) => `${loop} ${feature}`)),
  ...numbered(LEVELS, 'level').flatMap((level) => levelFeatures.map((feature) => `${level} ${feature}`)),
];

export const dispatchFeatureNames: readonly string[] = dispatchFeatures.map((feature) => `dispatch ${feature}`);

function numbered(count: number, name: string): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${name} ${i + 1}`);
}

/** Counts a kernel without running it: its phases in flat form, as they are executed on the target. */
export function analyze(phases: readonly TensorFunc[], shared: readonly Buffer[], target: Target): Analysis {
  const counted = phases.map((phase) => countKernel(phase, target));
  const loops = hotLoops(phases, counted);
  const code = codeOf(phases);
  const executed = counted.reduce((sum, { counts }) => sum + instructionsOf(counts), 0);
  const features = [
    ...ofWork(counted),
    ...ofCode(phases, loops, code),
    ...ofMemory(phases, shared),
    ...Array.from({ length: LOOPS }, (_, i) => ofLoop(loops[i], executed)).flat(),
    ...Array.from({ length: LEVELS }, (_, i) => ofLevel(loops[0], i)).flat(),
    ...(target.gpu === undefined ? [] : ofDispatch(phases, counted)),
  ];
  return { features, vectorsAlive: loops[0]?.counts.vectorsAlive ?? 0, nodes: code.nodes };
}

const log = (value: number): number => Math.log2(1 + Math.max(0, value));
const quotient = (a: number, b: number): number => (b === 0 ? 0 : log(a / b));

function ofWork(counted: readonly KernelCounts[]): readonly number[] {
  const { flops, vectorOps, scalarOps, loads, stores, loadedBytes, storedBytes } = counted.reduce(
    (sum, { counts }) => addCounts(sum, counts),
    noCounts,
  );
  const footprint = counted.reduce((sum, kernel) => sum + kernel.footprint, 0);
  return [
    ...[flops, vectorOps, scalarOps, loads, stores, loadedBytes, storedBytes, footprint].map(log),
    quotient(loadedBytes, footprint),
    quotient(flops, loadedBytes + storedBytes),
    quotient(flops, footprint),
    vectorOps / Math.max(1, vectorOps + scalarOps),
  ];
}

interface Code {
  readonly loops: number;
  readonly nodes: number;
}

function codeOf(phases: readonly TensorFunc[]): Code {
  let [loops, nodes] = [0, 0];
  for (const { body } of phases)
    walk(body, {
      stmt: ({ kind }) => {
        nodes++;
        if (kind === 'for') loops++;
      },
      expr: () => nodes++,
    });
  return { loops, nodes };
}

function ofCode(
  phases: readonly TensorFunc[],
  innermost: readonly HotLoop[],
  { loops, nodes }: Code,
): readonly number[] {
  const depth = Math.max(0, ...innermost.map(({ outer }) => outer.length + 1));
  return [phases.length, log(loops), log(innermost.length), log(nodes), depth];
}

function ofMemory(phases: readonly TensorFunc[], shared: readonly Buffer[]): readonly number[] {
  const operands = new Map(
    phases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]).map((buffer) => [buffer.name, buffer]),
  );
  return [phases.flatMap(({ temps }) => temps), shared, [...operands.values()]].map((buffers) => log(bytesOf(buffers)));
}

const bytesOf = (buffers: readonly Buffer[]): number =>
  buffers.reduce((sum, { shape, dtype }) => sum + staticElements(shape) * byteSize(dtype), 0);

function ofLoop(hot: HotLoop | undefined, executed: number): readonly number[] {
  if (hot === undefined) return loopFeatures.map(() => 0);
  const { loop, extent, counts: found } = hot;
  const { rounds, counts, vectorsAlive } = found;
  const instructions = instructionsOf(counts);
  let sums = 0;
  walk(loop.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'assign' && lanesOf(stmt.value) > 1) sums++;
    },
  });
  return [
    (rounds * instructions) / Math.max(1, executed),
    ...[rounds, extent, instructions, counts.vectorOps, counts.scalarOps, counts.loads, counts.stores].map(log),
    quotient(counts.flops, counts.loads),
    vectorsAlive,
    sums,
  ];
}

/** How the work of a GPU is divided: workgroups, invocations of one, and what one of them computes, loads and stores. */
function ofDispatch(phases: readonly TensorFunc[], counted: readonly KernelCounts[]): readonly number[] {
  const work = counted.map(({ counts }) => instructionsOf(counts));
  const main = work.indexOf(Math.max(...work));
  const [phase, kernel] = [phases[main], counted[main]];
  if (phase === undefined || kernel === undefined) return dispatchFeatures.map(() => 0);
  const { workgroups, workgroupSize } = gridOf(phase);
  const [groups, size] = [workgroups, workgroupSize].map((extents) => extents.reduce((x, y) => x * y, 1)) as [
    number,
    number,
  ];
  const { flops, loadedBytes, storedBytes } = kernel.counts;
  const shared = phase.temps.filter(({ scope }) => scope === 'workgroup');
  return [
    ...[groups, size].map(log),
    ...[flops, loadedBytes, storedBytes].map((count) => log(count / (groups * size))),
    log(bytesOf(shared)),
  ];
}

/** What a run of the loop that stands so many loops outside of the hottest one touches, and how often. */
function ofLevel(hot: HotLoop | undefined, level: number): readonly number[] {
  const loop = hot === undefined ? undefined : [hot.loop, ...hot.outer][level];
  if (hot === undefined || loop === undefined) return levelFeatures.map(() => 0);
  const { accessed, touched } = accessesIn(hot.func, loop);
  return [log(touched), quotient(accessed, touched)];
}
