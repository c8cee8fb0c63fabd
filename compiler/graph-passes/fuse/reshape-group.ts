import type { Node } from '../../../ir/graph/graph.ts';

/** Whether a node is a group of a single reshape: no element moves, and its result is its operand's memory. */
export const isReshapeGroup = (node: Node): boolean =>
  node.op === 'fused' && node.attrs.body.nodes.length === 1 && node.attrs.body.nodes[0]?.op === 'reshape';
