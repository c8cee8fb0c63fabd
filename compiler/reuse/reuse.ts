import type { Graph } from '../../ir/graph/graph.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import { asDecided } from '../../schedules/decision.ts';
import type { CostModel, Decisions } from '../../schedules/search/search.ts';
import type { ParallelAxis } from '../../schedules/space/context.ts';
import {
  buildKernel,
  callsOf,
  growthOf,
  type Kernel,
  type KernelCall,
  type KernelSource,
  kernelSources,
} from '../kernels.ts';
import { type DeviceProfile, nodeProfile, targetOf } from '../tune/device.ts';
import { priorFor } from '../tune/prior.ts';
import { bestOf, equalWorkloads, type KernelBuilder, type Reused } from './choose-schedule.ts';
import { growthBudget } from './growth-budget.ts';

export interface ReuseOptions {
  readonly store: TuningStore;
  /** The device and the engine that the model is compiled for: these, if nothing is said. */
  readonly profile?: DeviceProfile;
  /** The GPU that the model is compiled for: any, if nothing is said. */
  readonly adapterProfile?: DeviceProfile;
  /**
   * What ranks schedules of workloads that no record is near to, by logarithms of their speed; they get the default
   * schedule where there is none. A sample of each is lowered for it, which takes longer than to compile the model.
   */
  readonly costModel?: CostModel;
  /**
   * At most so many schedules of the whole model, of which the runtime can choose, for different kinds of devices that
   * the store knows: one, for the profile, if nothing is said.
   */
  readonly variants?: number;
}

const forWasm: KernelBuilder<KernelSource> = {
  standard: ({ workload, context }) => buildKernel(workload, context),
  build: ({ workload, context }, target, decisions) =>
    buildKernel(workload, context, { target, decide: asDecided(decisions) }),
};

/**
 * The kernels of a fused graph, with what a tuning database knows of their workloads or of near ones. The same database
 * and device give the same kernels. Throws a CompilerError where the database cannot be read.
 */
export async function reuseKernels(
  graph: Graph,
  { store, profile = nodeProfile(), costModel }: ReuseOptions,
  parallel?: ParallelAxis,
  growth?: number,
): Promise<{ readonly calls: readonly KernelCall[]; readonly reused: readonly Reused[] }> {
  const sources = kernelSources(graph, parallel, growth);
  const budget = growthBudget(
    growthOf(graph, growth),
    sources.map(({ workload }) => workload),
  );
  const prior = await priorFor(targetOf(profile));
  const kernels = new Map<KernelSource, Kernel>();
  const reused: Reused[] = [];
  // What memory allows one call it may not allow another.
  for (const group of equalWorkloads(sources, ({ workload }) => workload.preferred)) {
    const allows = (decisions: Decisions) => budget.allows(group.source.workload, group.calls.length, decisions);
    const found = await bestOf(group, { store, profile, prior, allows, ...(costModel && { costModel }) }, forWasm);
    budget.spend(group.source.workload, group.calls.length, found.kernel.tensor);
    for (const call of group.calls) kernels.set(call, found.kernel);
    reused.push(found);
  }
  return { calls: callsOf(graph, sources, (source) => kernels.get(source) as Kernel), reused };
}
