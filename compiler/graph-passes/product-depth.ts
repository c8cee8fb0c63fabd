import { isStatic } from '../../ir/dim.ts';
import type { Node, NodeOf, TensorType } from '../../ir/graph/graph.ts';

export type Product = NodeOf<'matmul'> | NodeOf<'conv'>;

export const isProduct = (node: Node): node is Product => node.op === 'matmul' || node.op === 'conv';

/** Fewer columns would not fill a vector. */
const leastColumns = 4;

/**
 * How many products along memory an element of a product's result sums up, where kernels can take neighbours of them
 * together; undefined where they are no neighbours in the left factor, or where there are too few columns.
 */
export function depthOf(node: Product, typeOf: (value: string) => TensorType): number | undefined {
  const isAlongMemory =
    node.op === 'matmul' ? !node.attrs.transA : node.attrs.channels === 'last' && node.attrs.groups === 1;
  const depth = typeOf(node.inputs[0] as string).shape.at(-1);
  const columns = node.outputs[0]?.type.shape.at(-1);
  const isWide = columns !== undefined && isStatic(columns) && columns >= leastColumns;
  return isAlongMemory && isWide && depth !== undefined && isStatic(depth) ? depth : undefined;
}
