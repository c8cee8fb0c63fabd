import { invariant } from '../../../ir/errors.ts';
import { producers, valueTypes } from '../../../ir/graph/edit.ts';
import type { Graph, Node } from '../../../ir/graph/graph.ts';
import { between, type Flow, postDominators } from './post-dominators.ts';
import { type Candidate, type GroupLimits, groupKind, roleOf, widensFactor } from './rules.ts';

/**
 * Divides a graph's nodes into groups, in an order in which they can run. Each group grows along the tree of
 * post-dominators (as TVM's fusion does): from the node whose results leave it to the next node that all its readers
 * lead to, with everything between, as long as the rules allow the whole. Contractions, reductions and windows grow
 * first, so that what follows them becomes their epilogue; then the casts that widen factors, so that products read
 * what is narrow.
 */
export function groupNodes(graph: Graph, limits: GroupLimits): readonly (readonly Node[])[] {
  const grouping = new Grouping(graph, limits);
  const isAnchor = (node: Node): boolean => ['contraction', 'window', 'reduce', 'argreduce'].includes(roleOf(node));
  graph.nodes.forEach((node, i) => {
    if (isAnchor(node)) grouping.grow(i);
  });
  graph.nodes.forEach((_, i) => {
    if (grouping.isWidenedFactor(i)) grouping.grow(i);
  });
  graph.nodes.forEach((_, i) => {
    grouping.grow(i);
  });
  return grouping.groups();
}

class Grouping {
  readonly #graph: Graph;
  readonly #flow: Flow;
  readonly #postDominators: readonly number[];
  /** The group of each node: indices in ascending order, the same object for all members. */
  readonly #groups: (readonly number[])[];
  readonly #sources: readonly (readonly number[])[];
  readonly #candidate: Omit<Candidate, 'nodes'>;

  constructor(graph: Graph, limits: GroupLimits) {
    this.#graph = graph;
    this.#groups = graph.nodes.map((_, i) => [i]);
    const index = new Map(graph.nodes.map((node, i) => [node, i]));
    const producer = producers(graph);
    this.#sources = graph.nodes.map((node) => [
      ...new Set(node.inputs.flatMap((input) => index.get(producer.get(input) as Node) ?? [])),
    ]);
    this.#flow = flowOf(graph, this.#sources);
    this.#postDominators = postDominators(this.#flow);
    const types = valueTypes(graph);
    const scalars = new Set(graph.constants.filter(({ data }) => data.data.length === 1).map(({ name }) => name));
    this.#candidate = {
      typeOf: (value) => {
        const type = types.get(value);
        invariant(type !== undefined, `no value ${value} in the graph`);
        return type;
      },
      isScalarConstant: (value) => scalars.has(value),
      limits,
    };
  }

  /** Whether a node widens what products alone read. */
  isWidenedFactor(node: number): boolean {
    const nodeAt = (at: number): Node => this.#graph.nodes[at] as Node;
    const readers = this.#flow.consumers[node] ?? [];
    return readers.every((reader) => widensFactor(nodeAt(node), nodeAt(reader), this.#candidate)) && readers.length > 0;
  }

  /** Extends the group of a node as far as the rules allow. */
  grow(node: number): void {
    for (;;) {
      const group = this.#groups[node] as readonly number[];
      const from = group.at(-1) as number;
      const to = this.#postDominators[from] as number;
      if (to === this.#graph.nodes.length) return;
      const union = new Set(group);
      for (const member of [...between(this.#flow, from, to), to]) {
        for (const other of this.#groups[member] as readonly number[]) union.add(other);
      }
      const candidate = [...union].sort((a, b) => a - b);
      if (!this.#isLegal(candidate)) return;
      for (const member of candidate) this.#groups[member] = candidate;
    }
  }

  /** The groups in the order of their last nodes, which alone have results that leave them. */
  groups(): readonly (readonly Node[])[] {
    const distinct = [...new Set(this.#groups)].sort((a, b) => (a.at(-1) as number) - (b.at(-1) as number));
    return distinct.map((group) => group.map((i) => this.#graph.nodes[i] as Node));
  }

  #isLegal(candidate: readonly number[]): boolean {
    const nodes = candidate.map((i) => this.#graph.nodes[i] as Node);
    if (groupKind({ ...this.#candidate, nodes }) === undefined) return false;
    return this.#hasOneEnd(candidate) && !this.#dependsOnItself(candidate);
  }

  #hasOneEnd(candidate: readonly number[]): boolean {
    const members = new Set(candidate);
    return candidate
      .slice(0, -1)
      .every((i) => !this.#flow.leaves[i] && this.#flow.consumers[i]?.every((next) => members.has(next)));
  }

  /** Whether a group outside reads the candidate and is read by it: neither could run first. */
  #dependsOnItself(candidate: readonly number[]): boolean {
    const members = new Set(candidate);
    const seen = new Set<readonly number[]>();
    const reaches = (group: readonly number[]): boolean =>
      group.some((member) =>
        (this.#sources[member] ?? []).some((source) => {
          if (members.has(source)) return true;
          const next = this.#groups[source] as readonly number[];
          if (seen.has(next) || (next.at(-1) as number) < (candidate[0] as number)) return false;
          seen.add(next);
          return reaches(next);
        }),
      );
    const outside = candidate.flatMap((member) => this.#sources[member] ?? []).filter((source) => !members.has(source));
    return outside.some((source) => {
      const group = this.#groups[source] as readonly number[];
      if (seen.has(group)) return false;
      seen.add(group);
      return reaches(group);
    });
  }
}

function flowOf(graph: Graph, sources: readonly (readonly number[])[]): Flow {
  const consumers: number[][] = graph.nodes.map(() => []);
  sources.forEach((list, node) => {
    for (const source of list) consumers[source]?.push(node);
  });
  const given = new Set(graph.outputs.map((output) => output.value));
  return { consumers, leaves: graph.nodes.map((node) => node.outputs.some((output) => given.has(output.name))) };
}
