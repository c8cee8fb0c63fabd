import type { Graph } from '../ir/graph/graph.ts';
import { verifyGraph } from '../ir/graph/verify.ts';
import type { ArtifactFiles } from '../runtime/api.ts';
import type { ParallelAxis } from '../schedules/space/context.ts';
import { assembleArtifact } from './artifact/assemble.ts';
import { type Layout, layoutMemory } from './artifact/layout.ts';
import { emitVariants } from './codegen/variants.ts';
import { optimizeGraph } from './graph-passes/index.ts';
import { buildKernels, type Kernel, type KernelCall } from './kernels.ts';
import { type Reused, type ReuseOptions, reuseKernels } from './reuse/reuse.ts';
import { requireStaticShapes } from './static-shape.ts';

export interface CompileOptions {
  /** The axis of its results along which threads divide a kernel: `auto` if nothing is said. */
  readonly parallel?: ParallelAxis;
  /**
   * How much larger weights may become in memory, as a part of them, where faster algorithms prepare them when the
   * artifact is loaded; 0.4 if nothing is said. The files do not grow.
   */
  readonly growth?: number;
  /** A tuning database whose records say how kernels are scheduled, as far as they fit. */
  readonly reuse?: ReuseOptions;
  /** What the artifact's manifest records of how it was made. */
  readonly provenance?: Readonly<Record<string, unknown>>;
  /** Called when a phase has ended, with its time in milliseconds. */
  readonly onPhase?: (phase: string, milliseconds: number) => void;
}

/** A compiled model: the files to ship, and the forms it went through. */
export interface Compilation {
  readonly files: ArtifactFiles;
  readonly fused: Graph;
  readonly calls: readonly KernelCall[];
  readonly layout: Layout;
  /** Where the schedule of each kernel is from, if there was a tuning database. */
  readonly reused?: readonly Reused[];
}

/**
 * From a graph with static shapes to the files of an artifact. The same graph, options and records give the same
 * bytes. Throws VerifyError where the graph is not well-formed and UnsupportedError for what the compiler refuses.
 */
export async function compile(graph: Graph, options: CompileOptions = {}): Promise<Compilation> {
  const phase = timer(options.onPhase);
  verifyGraph(graph);
  requireStaticShapes(graph);
  const fused = await phase('graph passes', () => optimizeGraph(graph));
  const { calls, reused } = await phase('lower and schedule', () => scheduleKernels(fused, options));
  const layout = await phase('plan memory', () => layoutMemory(fused, calls));
  const kernels = await phase('generate code', () => emitVariants(distinctKernels(calls)));
  const files = await phase('assemble', () =>
    assembleArtifact({
      graph: fused,
      calls,
      layout,
      kernels,
      options: options.provenance ?? {},
      schedules: reused?.map(({ kernel, answer }) => ({ kernel: kernel.name, ...answer })),
    }),
  );
  return { files, fused, calls, layout, ...(reused && { reused }) };
}

const scheduleKernels = async (
  graph: Graph,
  { reuse, parallel, growth }: CompileOptions,
): Promise<Pick<Compilation, 'calls' | 'reused'>> =>
  reuse === undefined ? { calls: buildKernels(graph, parallel, growth) } : reuseKernels(graph, reuse, parallel, growth);

const distinctKernels = (calls: readonly KernelCall[]): readonly Kernel[] => [
  ...new Set(calls.map((call) => call.kernel)),
];

type Phase = <T>(name: string, work: () => T | Promise<T>) => Promise<T>;

function timer(report: CompileOptions['onPhase']): Phase {
  return async (name, work) => {
    const start = performance.now();
    const result = await work();
    report?.(name, performance.now() - start);
    return result;
  };
}
