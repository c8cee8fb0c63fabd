/** A flow graph by index, in topological order; `exit` comes after the last node. */
export interface Flow {
  /** The nodes that read a node's results, without repetition. */
  readonly consumers: readonly (readonly number[])[];
  /** Whether a node's result leaves the graph. */
  readonly leaves: readonly boolean[];
}

/**
 * The immediate post-dominator of each node: the first node that every path from it to the exit runs through; the
 * number of nodes stands for the exit. On an acyclic graph one walk backwards is enough (Cooper, Harvey and Kennedy).
 */
export function postDominators({ consumers, leaves }: Flow): readonly number[] {
  const exit = consumers.length;
  const parent = new Array<number>(exit + 1).fill(exit);
  const depth = new Array<number>(exit + 1).fill(0);
  const common = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      if ((depth[x] ?? 0) >= (depth[y] ?? 0)) x = parent[x] ?? exit;
      else y = parent[y] ?? exit;
    }
    return x;
  };
  for (let node = exit - 1; node >= 0; node--) {
    const next = consumers[node] ?? [];
    const found = leaves[node] || next.length === 0 ? exit : next.reduce(common);
    parent[node] = found;
    depth[node] = (depth[found] ?? 0) + 1;
  }
  return parent.slice(0, exit);
}

/** The nodes on the paths from a node to its post-dominator, without the two. */
export function between(flow: Flow, from: number, to: number): ReadonlySet<number> {
  const found = new Set<number>();
  const visit = (node: number): void => {
    for (const next of flow.consumers[node] ?? []) {
      if (next === to || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}
