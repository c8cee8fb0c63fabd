import type { Graph } from '../../../ir/graph/graph.ts';
import { rebuild } from '../rebuild.ts';
import { type Arrangements, arrangedAs } from './arrangement.ts';
import { hoistTransposes } from './hoist.ts';
import { moveThrough } from './rules.ts';

/**
 * Moves transposes towards the outputs, through every operator that can work on the untransposed operand as well, so
 * that inverse ones meet and vanish. One walk in topological order: each node that has an operand of the form
 * transpose(x, p) is computed on x, and its result is the transpose of that. Constants are permuted when they are
 * folded; where operands stand differently, the arrangement is taken for which the fewest bytes move. What is left
 * then goes back over pads (see hoist.ts).
 */
export function moveTransposes(graph: Graph): Graph {
  const transposed = new Map<string, string>();
  const materialized = new Set<string>();
  const sunk = rebuild(graph, (node, next) => {
    const state: Arrangements = { graph: next, transposed, materialized };
    const moved = moveThrough(node, state);
    if (moved === undefined && node.op !== 'transpose') {
      for (const input of node.inputs) if (arrangedAs(input, state).base !== input) materialized.add(input);
    }
    return moved;
  });
  return hoistTransposes(sunk);
}
