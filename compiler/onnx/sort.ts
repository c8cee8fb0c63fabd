import type { GraphProto, NodeProto } from 'onnx-buf';
import { OnnxImportError } from '../../ir/errors.ts';

/**
 * The nodes in an order in which every value is computed before it is used: the given one where it is such an order.
 * Throws OnnxImportError where two nodes give the same value or nodes form a cycle, naming them.
 */
export function sortNodes(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const producer = new Map<string, NodeProto>();
  for (const node of nodes) {
    for (const output of node.output) {
      if (output === '') continue;
      if (producer.has(output))
        throw new OnnxImportError(
          `two nodes give the value ${JSON.stringify(output)}: ${[producer.get(output) as NodeProto, node].map(nameOf).join(' and ')}`,
        );
      producer.set(output, node);
    }
  }
  const sorted: NodeProto[] = [];
  const state = new Map<NodeProto, 'open' | 'done'>();
  for (const node of nodes) visit(node, producer, state, sorted);
  return sorted;
}

/** Depth first with a stack of its own: a graph may be deeper than the machine's stack. */
function visit(
  root: NodeProto,
  producer: ReadonlyMap<string, NodeProto>,
  state: Map<NodeProto, 'open' | 'done'>,
  sorted: NodeProto[],
): void {
  const stack: { readonly node: NodeProto; readonly pending: NodeProto[] }[] = [];
  const enter = (node: NodeProto) => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') {
      const path = stack.map((frame) => frame.node);
      throw new OnnxImportError(
        `the graph has a cycle: ${[...path.slice(path.indexOf(node)), node].map(nameOf).join(' needs ')}`,
      );
    }
    state.set(node, 'open');
    const needed = usedNames(node).flatMap((name) => producer.get(name) ?? []);
    stack.push({ node, pending: needed.reverse() });
  };
  enter(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.pending.pop();
    if (next !== undefined) {
      enter(next);
      continue;
    }
    stack.pop();
    state.set(top.node, 'done');
    sorted.push(top.node);
  }
}

/** What a node reads; graphs in its attributes read values around them, too. */
function usedNames(node: NodeProto): readonly string[] {
  const graphs = node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));
  return [...node.input, ...graphs.flatMap(freeNames)];
}

function freeNames(graph: GraphProto): readonly string[] {
  const own = new Set(
    [...graph.input, ...graph.initializer].map(({ name }) => name).concat(graph.node.flatMap(({ output }) => output)),
  );
  return [...graph.node.flatMap(usedNames), ...graph.output.map(({ name }) => name)].filter((name) => !own.has(name));
}

const nameOf = ({ opType, name, output }: NodeProto): string =>
  `${opType} ${JSON.stringify(name || (output[0] ?? ''))}`;
