import { printType } from '../../ir/graph/ops/checks.ts';
import type { Target } from '../../schedules/target/target.ts';
import { countKernel } from '../counts/count-kernel.ts';
import type { KernelCall } from '../kernels.ts';
import type { StepFacts } from './profile.ts';

/** What is known of the steps of a plan, one a phase of each call's kernel. */
export const factsOf = (calls: readonly KernelCall[], target: Target): readonly StepFacts[] =>
  calls.flatMap(({ node, kernel }) => {
    const { nodes, inputs } = node.attrs.body;
    const shared = {
      operators: nodes.map(({ op }) => op),
      inputs: inputs.map(({ type }) => printType(type)),
      outputs: node.outputs.map(({ type }) => printType(type)),
    };
    return kernel.lowered.map((phase): StepFacts => {
      const { counts, footprint } = countKernel(phase, target);
      const work = { flops: counts.flops, bytes: footprint };
      return { kernel: phase.name, node: node.name, known: { work, ...shared } };
    });
  });
