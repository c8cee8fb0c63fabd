import { valueTypes } from '../../../ir/graph/edit.ts';
import type { Graph, Node, NodeOf, TensorType, Value } from '../../../ir/graph/graph.ts';
import { groupNodes } from './grouping.ts';
import { anyGroup, type GroupLimits, roleOf } from './rules.ts';

/**
 * Makes every node part of a `fused` node, whose body becomes one kernel: which ones, `rules.ts` says. Constants of one
 * element stand in the body, larger ones are operands. A fused node is left as it is.
 */
export function fuse(graph: Graph, limits: GroupLimits = anyGroup): Graph {
  const types = valueTypes(graph);
  const scalars = new Map(
    graph.constants.filter(({ data }) => data.data.length === 1).map((scalar) => [scalar.name, scalar]),
  );
  const given = new Set(graph.outputs.map((output) => output.value));
  const names = new Map<string, number>();
  const nodes = groupNodes(graph, limits).map((group): Node => {
    const [first] = group;
    if (first?.op === 'fused') return first;
    return fusedNode(group, uniqueName(nameOf(group), names), { types, scalars });
  });
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return { ...graph, nodes, constants: graph.constants.filter(({ name }) => read.has(name) || given.has(name)) };
}

interface Surroundings {
  readonly types: ReadonlyMap<string, TensorType>;
  readonly scalars: ReadonlyMap<string, Graph['constants'][number]>;
}

function fusedNode(group: readonly Node[], name: string, { types, scalars }: Surroundings): NodeOf<'fused'> {
  const own = new Set(group.flatMap((node) => node.outputs.map((output) => output.name)));
  const operands = [...new Set(group.flatMap((node) => node.inputs))].filter((input) => !own.has(input));
  const inputs = operands
    .filter((input) => !scalars.has(input))
    .flatMap((input): Value[] => {
      const type = types.get(input);
      return type === undefined ? [] : [{ name: input, type }];
    });
  const outputs = group.at(-1)?.outputs ?? [];
  const body: Graph = {
    name,
    inputs,
    constants: operands.flatMap((input) => scalars.get(input) ?? []),
    nodes: group,
    outputs: outputs.map((output) => ({ name: output.name, value: output.name })),
  };
  return { op: 'fused', name, inputs: inputs.map((input) => input.name), attrs: { body }, outputs };
}

/** The operators that make the kernel what it is: the anchors, else the first few. */
function nameOf(group: readonly Node[]): string {
  const anchors = group.filter((node) =>
    ['contraction', 'window', 'reduce', 'argreduce', 'concat', 'pad'].includes(roleOf(node)),
  );
  const others = group.filter((node) => !anchors.includes(node) && roleOf(node) === 'elementwise');
  const named = anchors.length > 0 ? [...anchors, ...others] : group;
  return [...new Set(named.map((node) => node.op))].slice(0, 4).join('_');
}

function uniqueName(base: string, taken: Map<string, number>): string {
  const count = taken.get(base) ?? 0;
  taken.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}
