import type { Graph } from '../../../ir/graph/graph.ts';
import { type NewGraph, rebuild } from '../rebuild.ts';
import { type Permutation, permute } from './permutation.ts';

/**
 * Moves the transposes that are left back over what made their operand larger or can read through them: pads,
 * and concatenations of pieces. What remains at an input is then one copy of little data.
 *
 *   transpose(pad(x))  →  pad(transpose(x))          transpose(concat(slice(x), …))  →  concat(transpose(slice(x)), …)
 */
export const hoistTransposes = (graph: Graph): Graph =>
  rebuild(graph, (node, next) => {
    if (node.op !== 'transpose') return undefined;
    const hoisted = hoist(node.inputs[0] as string, node.attrs.perm, next);
    return hoisted === undefined ? undefined : [hoisted];
  });

/** transpose(value, perm) without a transpose at its end, or undefined. */
function hoist(value: string, perm: Permutation, graph: NewGraph): string | undefined {
  const node = graph.producerOf(value);
  if (node === undefined || graph.usesOf(value) !== 1) return undefined;
  if (node.op === 'pad') {
    const { before, after, mode } = node.attrs;
    const [x, ...fill] = node.inputs as readonly [string, ...string[]];
    const attrs = { before: permute(before, perm), after: permute(after, perm), mode };
    return graph.emit('pad', [transposed(x, perm, graph), ...fill], attrs, node.name);
  }
  if (node.op === 'concat' && node.inputs.every((input) => isPiece(input, graph))) {
    const operands = node.inputs.map((input) => transposed(input, perm, graph));
    return graph.emit('concat', operands, { axis: perm.indexOf(node.attrs.axis) }, node.name);
  }
  return undefined;
}

const transposed = (value: string, perm: Permutation, graph: NewGraph): string =>
  hoist(value, perm, graph) ?? graph.emit('transpose', [value], { perm }, value);

const isPiece = (value: string, graph: NewGraph): boolean =>
  graph.constantOf(value) !== undefined || (graph.producerOf(value)?.op === 'slice' && graph.usesOf(value) === 1);
