import { invariant } from '../errors.ts';
import type { TensorData } from '../tensor-data.ts';
import type { Graph, Node } from './graph.ts';

export type EvaluateNode = (node: Node, inputs: readonly TensorData[]) => readonly TensorData[];

/** Evaluates the nodes in order; inputs and results stand in the order of the graph's. */
export function runGraph(
  graph: Graph,
  inputs: readonly TensorData[],
  evaluateNode: EvaluateNode,
): readonly TensorData[] {
  const values = new Map<string, TensorData>();
  const find = (name: string): TensorData => {
    const value = values.get(name);
    invariant(value !== undefined, `graph ${graph.name} was run, but its value ${name} is not defined`);
    return value;
  };
  graph.inputs.forEach(({ name }, i) => values.set(name, inputs[i] as TensorData));
  for (const { name, data } of graph.constants) values.set(name, data);
  for (const node of graph.nodes) {
    const results = evaluateNode(node, node.inputs.map(find));
    node.outputs.forEach(({ name }, i) => values.set(name, results[i] as TensorData));
  }
  return graph.outputs.map(({ value }) => find(value));
}
