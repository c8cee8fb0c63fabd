import { isFloat } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { type KernelSource, plainDefinition } from '../kernels.ts';

/**
 * An operand of a kernel that is measured. Floats are random, and so is whatever the model computes; integers that the
 * model holds are as they are, since they may be indices.
 */
export type Operand = Omit<TensorData, 'data'> & Partial<Pick<TensorData, 'data'>>;

/** The operands of a workload, in the order of its inputs. */
export function operandsOf({ node, workload }: KernelSource, graph: Graph): readonly Operand[] {
  const constants = new Map(graph.constants.map(({ name, data }) => [name, data]));
  return plainDefinition(workload).inputs.map(({ dtype, shape }, i): Operand => {
    const data = isFloat(dtype) ? undefined : constants.get(node.inputs[i] ?? '')?.data;
    return { dtype, shape: shape as readonly number[], ...(data && { data }) };
  });
}
