import { producers } from './edit.ts';
import type { Graph, Node } from './graph.ts';

/** Nodes of which each gives what the next one reads, and the last what the first one reads; or undefined. */
export function findCycle(graph: Graph): readonly Node[] | undefined {
  const sources = producers(graph);
  const done = new Set<Node>();
  for (const start of graph.nodes) {
    // Depth first with a stack of its own: a path can be longer than the call stack.
    const path: { readonly node: Node; next: number }[] = [];
    const onPath = new Set<Node>();
    const enter = (node: Node): void => {
      path.push({ node, next: 0 });
      onPath.add(node);
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const input = top.node.inputs[top.next++];
      const source = input === undefined ? undefined : sources.get(input);
      if (source !== undefined && onPath.has(source)) {
        const nodes = path.map(({ node }) => node);
        return nodes.slice(nodes.indexOf(source)).reverse();
      }
      if (source !== undefined && !done.has(source)) enter(source);
      else if (input === undefined) {
        path.pop();
        onPath.delete(top.node);
        done.add(top.node);
      }
    }
  }
  return undefined;
}
