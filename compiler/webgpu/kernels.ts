import type { Graph } from '../../ir/graph/graph.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { byRule, type Decide } from '../../schedules/decision.ts';
import type { Workload } from '../../schedules/space/search-space.ts';
import { webgpu } from '../../schedules/target/target.ts';
import {
  buildVariant,
  callsOf,
  type Kernel,
  type KernelCall,
  type KernelContext,
  kernelSources,
  plainDefinition,
} from '../kernels.ts';

/** Lowers, schedules and flattens every group of a fused graph for WebGPU, equal workloads once. */
export function buildWebgpuKernels(graph: Graph): readonly KernelCall[] {
  const known = new Map<string, Kernel>();
  return callsOf(graph, kernelSources(graph, 'auto', 0), ({ workload, context }) => {
    const func = plainDefinition(workload);
    const key = `${printTensorFunc({ ...func, name: '' })}constants ${[...context.constants].join(' ')}`;
    const kernel = known.get(key) ?? buildWebgpuKernel(workload, context);
    known.set(key, kernel);
    return kernel;
  });
}

/** The kernel of a workload for WebGPU, by the schedule that `decide` chooses. */
export function buildWebgpuKernel(workload: Workload, context: KernelContext, decide: Decide = byRule): Kernel {
  const { definition, inputs, ...variant } = buildVariant(plainly(workload), { ...context, target: webgpu }, decide);
  return {
    ...variant,
    name: definition.name,
    tensor: definition,
    inputs,
    preparations: new Map(),
    relaxed: variant,
  };
}

/** The definitions that need nothing to be prepared when the model is loaded. */
function plainly({ definitions, preferred }: Workload): Workload {
  const plain = definitions.filter(({ name }) => !name.startsWith('winograd'));
  return { definitions: plain, preferred: plain.some(({ name }) => name === preferred) ? preferred : 'direct' };
}
