import type { Graph } from '../../ir/graph/graph.ts';
import type { CacheMode, WorkloadRow } from '../../schedules/database/record.ts';
import type { Task } from '../../schedules/search/search.ts';
import type { ParallelAxis } from '../../schedules/space/context.ts';
import type { Target } from '../../schedules/target/target.ts';
import { type KernelSource, kernelSources } from '../kernels.ts';
import { webgpuSources } from '../webgpu/kernels.ts';
import { narrowConstants } from '../webgpu/narrow-storage.ts';
import { cacheModeFor } from './cache-mode.ts';
import { type CandidateSpace, candidateSpace } from './candidate-space.ts';
import { type Operand, operandsOf } from './operands.ts';
import { workloadRow } from './workload-key.ts';

/** A workload of a graph that is tuned for a target. */
export interface KernelTask extends Task {
  readonly space: CandidateSpace;
  readonly row: WorkloadRow;
  readonly source: KernelSource;
  readonly target: Target;
  /** What it is measured on. */
  readonly operands: readonly Operand[];
  readonly cache: CacheMode;
}

export interface TaskOptions {
  /** As for `compile`: the axis that threads divide is a part of a workload. */
  readonly parallel?: ParallelAxis;
  /** As for `compile`: the definitions that it allows are a part of a workload. */
  readonly growth?: number;
  /** Whether operands are in the caches when a run begins: as in a model, if nothing is said. */
  readonly cache?: CacheMode;
}

/** The tasks of a fused graph, made by the passes for the target, equal workloads once, in the order in which they are run first. */
export function tasksOf(
  graph: Graph,
  target: Target,
  { parallel, growth, cache }: TaskOptions = {},
): readonly KernelTask[] {
  const isForWebgpu = target.gpu !== undefined;
  // What WebGPU cannot compute is none of its tasks.
  const sources = isForWebgpu ? webgpuSources(graph).sources : kernelSources(graph, parallel, growth);
  const held = isForWebgpu ? narrowConstants(graph) : graph;
  const known = sources.map((source) => ({ source, row: workloadRow(source) }));
  return [...Map.groupBy(known, ({ row }) => row.hash).values()].flatMap((calls): readonly KernelTask[] => {
    const [first] = calls;
    if (first === undefined) return [];
    const { source, row } = first;
    return [
      {
        name: source.node.name,
        workload: row.hash,
        calls: calls.length,
        space: candidateSpace(source, target),
        row,
        source,
        target,
        operands: operandsOf(source, held),
        cache: cache ?? cacheModeFor(source, target),
      },
    ];
  });
}
