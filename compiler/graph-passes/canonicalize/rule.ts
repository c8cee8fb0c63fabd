import type { NodeOf } from '../../../ir/graph/graph.ts';
import type { OpName } from '../../../ir/graph/op-attrs.ts';
import type { NewGraph } from '../rebuild.ts';

/** Gives the value that stands for the node's only result, or undefined where the rule does not apply. */
export type Rule<K extends OpName> = (node: NodeOf<K>, graph: NewGraph) => string | undefined;

export type Rules = { readonly [K in OpName]?: readonly Rule<K>[] };

/** The node that computes a value, where it is an application of `op`. */
export function producedBy<K extends OpName>(graph: NewGraph, value: string, op: K): NodeOf<K> | undefined {
  const producer = graph.producerOf(value);
  return producer?.op === op ? (producer as unknown as NodeOf<K>) : undefined;
}

export function operand(node: NodeOf<OpName>, index: number): string {
  const value = node.inputs[index];
  if (value === undefined) throw new Error(`internal error: ${node.name} has no operand ${index}`);
  return value;
}

export function resultType(node: NodeOf<OpName>): NodeOf<OpName>['outputs'][number]['type'] {
  const [output] = node.outputs;
  if (output === undefined) throw new Error(`internal error: ${node.name} has no result`);
  return output.type;
}
