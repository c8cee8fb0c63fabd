import type { Graph } from '../ir/graph/graph.ts';
import { verifyGraph } from '../ir/graph/verify.ts';
import type { ArtifactFiles } from '../runtime/api.ts';
import type { ParallelAxis } from '../schedules/space/context.ts';
import { assembleArtifact, type KernelFiles, type VariantParts, type WebgpuParts } from './artifact/assemble.ts';
import { type Layout, type Layouts, layoutMemory, layoutPrograms } from './artifact/layout.ts';
import { originsOf } from './artifact/reorder.ts';
import { emitVariants } from './codegen/variants.ts';
import { optimizeGraph } from './graph-passes/index.ts';
import { buildKernels, type KernelCall } from './kernels.ts';
import type { Reused } from './reuse/choose-schedule.ts';
import type { ReuseOptions } from './reuse/reuse.ts';
import { reuseVariants } from './reuse/reuse-variants.ts';
import { requireStaticShapes } from './static-shape.ts';
import type { DeviceProfile } from './tune/device.ts';
import {
  type CompiledForWebgpu,
  compileForWebgpu,
  type ScheduledForWebgpu,
  scheduleForWebgpu,
} from './webgpu/program.ts';

/** What a model can be compiled for. */
export const targets = ['wasm', 'webgpu'] as const;
export type TargetName = (typeof targets)[number];

export interface CompileOptions {
  /** What the artifact runs on; the processor alone, by WebAssembly, if nothing is said. */
  readonly targets?: readonly TargetName[];
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
export interface Compilation extends CompiledVariant {
  readonly files: ArtifactFiles;
  readonly fused: Graph;
  /** All ways in which it was compiled: the first is the one that stands here as well. */
  readonly variants: readonly CompiledVariant[];
  readonly webgpu?: CompiledForWebgpu;
}

/** What a model is on one kind of device. */
export interface CompiledVariant {
  readonly calls: readonly KernelCall[];
  readonly layout: Layout;
  /** Where the schedule of each kernel is from, and for what it was looked for, if there was a tuning database. */
  readonly reused?: readonly Reused[];
  readonly profile?: DeviceProfile;
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
  const { targets: wanted = ['wasm'], provenance = {} } = options;
  const isForWasm = wanted.includes('wasm');
  const onGpu = wanted.includes('webgpu')
    ? await phase('schedule for webgpu', () => scheduleForWebgpu(graph, isForWasm, options.reuse))
    : undefined;
  const variants = isForWasm ? await phase('lower and schedule', () => scheduleKernels(fused, options)) : [];
  const layouts = await phase('plan memory', () => layoutAll(fused, variants, onGpu));
  const kernels = await phase('generate code', () => inTurn(variants, emitKernels));
  const parts: readonly VariantParts[] = isForWasm
    ? variants.map((variant, i) => ({
        ...variant,
        layout: layouts.programs[i] as Layout,
        kernels: kernels[i] as KernelFiles,
      }))
    : withoutKernels(fused);
  const webgpu = onGpu && (await phase('generate code for webgpu', () => compileWebgpu(onGpu, layouts)));
  const files = await phase('assemble', () =>
    assembleArtifact({ graph: fused, variants: parts, ...(webgpu && { webgpu }), options: provenance }),
  );
  const compiled: readonly CompiledVariant[] = parts;
  return { files, fused, ...(compiled[0] as CompiledVariant), variants: compiled, ...(webgpu && { webgpu }) };
}

/** What stands for the processor where a model is compiled for GPUs alone. */
const withoutKernels = (fused: Graph): readonly VariantParts[] => [{ calls: [], layout: layoutMemory(fused, []) }];

/** The memory of each variant, then that of what a GPU leaves to the processor. */
const layoutAll = (
  graph: Graph,
  variants: readonly Pick<CompiledVariant, 'calls'>[],
  onGpu: ScheduledForWebgpu | undefined,
): Layouts =>
  layoutPrograms(
    [
      ...variants.map(({ calls }, i) => ({ label: String(i), graph, calls })),
      ...(onGpu?.host === undefined ? [] : [{ ...onGpu.host, label: 'host' }]),
    ],
    onGpu && {
      constants: [...onGpu.constants.values()],
      origins: originsOf(onGpu.device.graph.constants, onGpu.calls),
    },
  );

async function compileWebgpu(
  onGpu: ScheduledForWebgpu,
  { programs, webgpu }: Layouts,
): Promise<CompiledForWebgpu & WebgpuParts> {
  const host = onGpu.host && programs.at(-1);
  const compiled = await compileForWebgpu(onGpu, { weights: webgpu, host });
  const weights = [...webgpu.files, ...(host?.weights ?? [])];
  return { ...compiled, weights, ...(onGpu.reused && { reused: onGpu.reused }) };
}

const scheduleKernels = async (
  graph: Graph,
  { reuse, parallel, growth }: CompileOptions,
): Promise<readonly Omit<CompiledVariant, 'layout'>[]> =>
  reuse === undefined
    ? [{ calls: buildKernels(graph, parallel, growth) }]
    : reuseVariants(graph, reuse, parallel, growth);

const emitKernels = ({ calls }: Pick<CompiledVariant, 'calls'>): Promise<KernelFiles> =>
  emitVariants([...new Set(calls.map((call) => call.kernel))]);

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

type Phase = <T>(name: string, work: () => T | Promise<T>) => Promise<T>;

function timer(report: CompileOptions['onPhase']): Phase {
  return async (name, work) => {
    const start = performance.now();
    const result = await work();
    report?.(name, performance.now() - start);
    return result;
  };
}
