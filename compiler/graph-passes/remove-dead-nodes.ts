import type { Graph } from '../../ir/graph/graph.ts';

/** Removes the nodes and constants that no output needs. Inputs are the interface and stay. */
export function removeDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((output) => output.value));
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output.name))) continue;
    for (const input of node.inputs) needed.add(input);
  }
  const nodes = graph.nodes.filter((node) => node.outputs.some((output) => needed.has(output.name)));
  const constants = graph.constants.filter((constant) => needed.has(constant.name));
  if (nodes.length === graph.nodes.length && constants.length === graph.constants.length) return graph;
  return { ...graph, nodes, constants };
}
