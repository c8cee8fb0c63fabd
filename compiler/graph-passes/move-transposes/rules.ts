import type { Dim, Shape } from '../../../ir/dim.ts';
import type { Node, NodeOf } from '../../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../../ir/graph/op-attrs.ts';
import { binaryOps, unaryOps } from '../../../ir/scalar.ts';
import { type Arrangements, arrange, arrangedAs, costOf, transposeOf } from './arrangement.ts';
import { compose, extend, identity, isIdentity, type Permutation, permute, unpermute } from './permutation.ts';
import { throughReshape } from './through-reshape.ts';

/** Gives the values that stand for a node's results, computed on operands that are not transposed; or undefined. */
export type Rule<K extends OpName> = (node: NodeOf<K>, state: Arrangements) => readonly string[] | undefined;

/** Operators of one data operand: `rewritten` says what they are on the operand's base, and how their results stand. */
const onData =
  <K extends OpName>(
    rewritten: (
      node: NodeOf<K>,
      perm: Permutation,
      state: Arrangements,
    ) => { attrs: OpAttrs[K]; result: Permutation } | undefined,
  ): Rule<K> =>
  (node, state) => {
    const [value, ...others] = node.inputs as readonly [string, ...string[]];
    const { base, perm } = arrangedAs(value, state);
    const found = isIdentity(perm) ? undefined : rewritten(node, perm, state);
    if (found === undefined) return undefined;
    const results = state.graph.emitAll(node.op, [base, ...others], found.attrs, node.name);
    return results.map((result) => transposeOf(result, found.result, state));
  };

/** The arrangement of the operands that costs the least to reach; of two equal ones, that which is no identity. */
function cheapest(inputs: readonly string[], rank: number, state: Arrangements): Permutation {
  const total = (perm: Permutation): number => inputs.reduce((sum, input) => sum + costOf(input, perm, state), 0);
  let best = identity(rank);
  let bestCost = total(best);
  for (const input of inputs) {
    const { perm } = arrangedAs(input, state);
    if (isIdentity(perm) || state.materialized.has(input)) continue;
    const candidate = extend(perm, rank - perm.length);
    const cost = total(candidate);
    if (cost > bestCost || (cost === bestCost && !isIdentity(best))) continue;
    [best, bestCost] = [candidate, cost];
  }
  return best;
}

/** op(transpose(a, p), transpose(b, p)) → transpose(op(a, b), p); other operands are brought to p. */
const elementwise: Rule<OpName> = (node, state) => {
  const rank = node.outputs[0]?.type.shape.length ?? 0;
  const perm = cheapest(node.inputs, rank, state);
  if (isIdentity(perm)) return undefined;
  const operands = node.inputs.map((input) => arrange(input, perm, state));
  return [transposeOf(state.graph.emit(node.op, operands, node.attrs, node.name), perm, state)];
};

const concat: Rule<'concat'> = (node, state) => {
  const perm = cheapest(node.inputs, node.outputs[0]?.type.shape.length ?? 0, state);
  if (isIdentity(perm)) return undefined;
  const operands = node.inputs.map((input) => arrange(input, perm, state));
  const axis = perm[node.attrs.axis] as number;
  return [transposeOf(state.graph.emit('concat', operands, { axis }, node.name), perm, state)];
};

/** How the axes that a reduction keeps stand among those that it keeps of its operand's base. */
function keptOrder(axes: readonly number[], perm: Permutation): Permutation {
  const kept = perm.filter((_, axis) => !axes.includes(axis));
  const sorted = kept.toSorted((a, b) => a - b);
  return kept.map((axis) => sorted.indexOf(axis));
}

/** A reduction over rows runs along memory: it stays one, and the operand is transposed for it. */
const leavesRows = (axes: readonly number[], perm: Permutation): boolean => {
  const last = perm.length - 1;
  return axes.length === 1 && axes[0] === last && perm[last] !== last;
};

const reduce = onData<'reduce_sum' | 'reduce_prod' | 'reduce_max' | 'reduce_min'>(({ attrs }, perm) => {
  if (leavesRows(attrs.axes, perm)) return undefined;
  const axes = permute(perm, attrs.axes).toSorted((a, b) => a - b);
  return { attrs: { axes, keepDims: attrs.keepDims }, result: attrs.keepDims ? perm : keptOrder(attrs.axes, perm) };
});

const argReduce = onData<'argmax' | 'argmin'>(({ attrs }, perm) => {
  if (leavesRows([attrs.axis], perm)) return undefined;
  return {
    attrs: { ...attrs, axis: perm[attrs.axis] as number },
    result: attrs.keepDims ? perm : keptOrder([attrs.axis], perm),
  };
});

const slice = onData<'slice'>(({ attrs }, perm) => ({
  attrs: {
    starts: unpermute(attrs.starts, perm),
    sizes: unpermute(attrs.sizes, perm),
    steps: unpermute(attrs.steps, perm),
  },
  result: perm,
}));

const pad = onData<'pad'>(({ attrs }, perm) => ({
  attrs: { before: unpermute(attrs.before, perm), after: unpermute(attrs.after, perm), mode: attrs.mode },
  result: perm,
}));

const windowed = onData<'window_sum' | 'window_max'>(({ attrs }, perm) => ({
  attrs: {
    window: unpermute(attrs.window, perm),
    strides: unpermute(attrs.strides, perm),
    dilations: unpermute(attrs.dilations, perm),
  },
  result: perm,
}));

const scan = onData<'cumsum' | 'cumprod'>(({ attrs }, perm) => ({
  attrs: { ...attrs, axis: perm[attrs.axis] as number },
  result: perm,
}));

const topk = onData<'topk'>(({ attrs }, perm) => ({
  attrs: { ...attrs, axis: perm[attrs.axis] as number },
  result: perm,
}));

/** The gathered axis is replaced by those of the indices, in the base as in the value. */
const gather = onData<'gather'>((node, perm, { graph }) => {
  const { axis } = node.attrs;
  const count = graph.typeOf(node.inputs[1] as string).shape.length;
  const base = perm[axis] as number;
  const place = (old: number): number => (old < base ? old : old + count - 1);
  const indexAxes = identity(count).map((i) => base + i);
  const result = [...perm.slice(0, axis).map(place), ...indexAxes, ...perm.slice(axis + 1).map(place)];
  return { attrs: { axis: base }, result };
});

const broadcastTo = onData<'broadcast_to'>(({ attrs }, perm) => {
  const added = attrs.shape.length - perm.length;
  const shape: Shape = [...attrs.shape.slice(0, added), ...unpermute<Dim>(attrs.shape.slice(added), perm)];
  return { attrs: { shape }, result: extend(perm, added) };
});

const transpose: Rule<'transpose'> = (node, state) => {
  const { base, perm } = arrangedAs(node.inputs[0] as string, state);
  const both = compose(perm, node.attrs.perm);
  if (isIdentity(both)) return [base];
  return isIdentity(perm) ? undefined : [transposeOf(base, both, state)];
};

/** A transpose of the last two axes of an operand is the operator's own. */
const matmul: Rule<'matmul'> = (node, state) => {
  const [a, b] = node.inputs.map((input) => withoutSwap(input, state)) as [Operand, Operand];
  if (!a.swapped && !b.swapped) return undefined;
  const attrs = { transA: node.attrs.transA !== a.swapped, transB: node.attrs.transB !== b.swapped };
  return [state.graph.emit('matmul', [a.value, b.value], attrs, node.name)];
};

interface Operand {
  readonly value: string;
  readonly swapped: boolean;
}

function withoutSwap(value: string, state: Arrangements): Operand {
  const { perm } = arrangedAs(value, state);
  const rank = perm.length;
  const swap = [...identity(rank - 2), rank - 1, rank - 2];
  if (isIdentity(perm) || costOf(value, swap, state) > 0) return { value, swapped: false };
  return { value: arrange(value, swap, state), swapped: true };
}

const reshape: Rule<'reshape'> = (node, state) => {
  const result = throughReshape(node, state);
  return result === undefined ? undefined : [result];
};

const elementwiseRules = Object.fromEntries(
  [...unaryOps, ...binaryOps, 'select', 'cast', 'bitcast'].map((op) => [op, elementwise]),
);

/** The operators through which a transpose moves; before all others it is computed. */
const rules: { readonly [K in OpName]?: Rule<K> } = {
  ...elementwiseRules,
  concat,
  reduce_sum: reduce,
  reduce_prod: reduce,
  reduce_max: reduce,
  reduce_min: reduce,
  argmax: argReduce,
  argmin: argReduce,
  slice,
  pad,
  window_sum: windowed,
  window_max: windowed,
  cumsum: scan,
  cumprod: scan,
  topk,
  gather,
  broadcast_to: broadcastTo,
  transpose,
  matmul,
  reshape,
};

export function moveThrough(node: Node, state: Arrangements): readonly string[] | undefined {
  // The row and the node agree on the operator, which the type checker cannot see through the index.
  return (rules[node.op] as Rule<OpName> | undefined)?.(node, state);
}
