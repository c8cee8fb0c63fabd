import { mapList, update } from '../tensor/visit.ts';
import type { TensorData } from '../tensor-data.ts';
import type { Graph, Node, TensorType } from './graph.ts';

export const typeOfData = ({ dtype, shape }: TensorData): TensorType => ({ dtype, shape });

/** The type of every value: inputs, constants and what nodes give. */
export function valueTypes(graph: Graph): ReadonlyMap<string, TensorType> {
  const values = [...graph.inputs, ...graph.nodes.flatMap((node): Node['outputs'] => node.outputs)];
  return new Map([
    ...values.map(({ name, type }) => [name, type] as const),
    ...graph.constants.map(({ name, data }) => [name, typeOfData(data)] as const),
  ]);
}

/** The nodes that read each value, in order, each once. A value that no node reads has no entry. */
export function users(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const list = found.get(name);
      if (list === undefined) found.set(name, [node]);
      else list.push(node);
    }
  }
  return found;
}

/** The node that gives each value. Inputs and constants have no entry. */
export function producers(graph: Graph): ReadonlyMap<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
}

/**
 * Lets every node and output that reads a key of `replacements` read its value in place of it, followed to the end of
 * chains. The nodes that gave the replaced values stay; dead code elimination removes them.
 */
export function replaceValues(graph: Graph, replacements: ReadonlyMap<string, string>): Graph {
  const resolve = (name: string): string => {
    const next = replacements.get(name);
    return next === undefined ? name : resolve(next);
  };
  return update(graph, {
    nodes: mapList(graph.nodes, (node) => update(node, { inputs: mapList(node.inputs, resolve) })),
    outputs: mapList(graph.outputs, (output) => update(output, { value: resolve(output.value) })),
  });
}
