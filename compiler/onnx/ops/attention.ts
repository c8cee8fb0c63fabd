import { addDims, type Dim, divideDim, isStatic, type Shape, scaleDim } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf } from './axes.ts';
import { softmax } from './softmax.ts';

/** [batch, heads, sequence, size] of an operand that has its heads apart, or side by side in its last axis. */
function withHeads(node: OnnxNode, g: Writer, x: Operand, attribute: string): Operand {
  if (rankOf(x) === 4) return x;
  if (rankOf(x) !== 3) return node.fail(`an operand of ${rankOf(x)} axes`);
  const [batch, sequence, width] = x.type.shape as readonly [Dim, Dim, Dim];
  const heads = node.int(attribute);
  const size = divideDim(width, heads) ?? node.fail(`the last axis is no multiple of ${heads} heads`);
  return g.transpose(g.reshape(x, [batch, sequence, heads, size]), [0, 2, 1, 3]);
}

/** The past of a cache before the new keys or values. */
const afterPast = (g: Writer, past: Operand | undefined, x: Operand): Operand =>
  past === undefined ? x : g.concat([past, x], 2);

/** Each head of keys and values serves as many neighbouring heads of queries. */
function repeatHeads(node: OnnxNode, g: Writer, x: Operand, heads: Dim): Operand {
  const [batch, own, sequence, size] = x.type.shape as readonly [Dim, Dim, Dim, Dim];
  if (!isStatic(heads) || !isStatic(own)) return node.refuse('a symbolic number of heads');
  if (heads === own) return x;
  if (heads % own !== 0) return node.fail(`${heads} heads of queries for ${own} of keys`);
  const repeated = g.broadcastTo(g.reshape(x, [batch, own, 1, sequence, size]), [
    batch,
    own,
    heads / own,
    sequence,
    size,
  ]);
  return g.reshape(repeated, [batch, heads, sequence, size]);
}

/** Where queries may look, as bool that is repeated over [batch, heads, queries, keys]; undefined where nothing is hidden. */
function visible(node: OnnxNode, g: Writer, queries: Dim, keys: Dim, past: Dim): Operand | undefined {
  const lengths = node.optional(6);
  const perBatch = lengths && g.reshape(lengths, [lengths.type.shape[0] as Dim, 1, 1, 1]);
  const column = g.iota('i64', [1, 1, 1, keys], 3);
  const inside = perBatch && g.binary('lt', column, perBatch);
  if (node.int('is_causal', 0) === 0) return inside;
  const offset = perBatch ? g.sub(perBatch, g.reshape(g.dims([queries]), [])) : g.reshape(g.dims([past]), []);
  const causal = g.binary('le', column, g.add(g.iota('i64', [1, 1, queries, 1], 2), offset));
  return inside ? g.binary('and', inside, causal) : causal;
}

/** A mask may end before the keys do: the rest is hidden. */
function wholeMask(node: OnnxNode, g: Writer, mask: Operand, keys: Dim): Operand {
  const last = mask.type.shape.at(-1);
  if (last === undefined || last === 1) return mask;
  const missing = addDims(keys, scaleDim(last, -1));
  if (!isStatic(missing) || missing < 0) return node.refuse('a mask whose size may not be that of the keys');
  const none = range(0, rankOf(mask)).map(() => 0);
  return g.pad(
    mask,
    none,
    none.map((_, i) => (i === none.length - 1 ? missing : 0)),
    mask.type.dtype === 'bool' ? 0 : Number.NEGATIVE_INFINITY,
  );
}

/** What is added to the scores: 0 or -∞, and the mask where that is a float. */
function biasOf(node: OnnxNode, g: Writer, queries: Dim, keys: Dim, past: Dim): Operand | undefined {
  const given = node.optional(3);
  const mask = given && wholeMask(node, g, given, keys);
  const hidden = (seen: Operand) => g.select(seen, g.scalar('f32', 0), g.scalar('f32', Number.NEGATIVE_INFINITY));
  const masked = mask && (mask.type.dtype === 'bool' ? hidden(mask) : g.cast(mask, 'f32'));
  const seen = visible(node, g, queries, keys, past);
  if (masked === undefined || seen === undefined) return masked ?? (seen && hidden(seen));
  return g.add(masked, hidden(seen));
}

/** Scores capped to ±softcap by a tanh. */
const capped = (g: Writer, x: Operand, cap: number): Operand =>
  cap === 0 ? x : g.mul(g.unary('tanh', g.div(x, cap)), cap);

/** A row that sees nothing has no probability anywhere, where the softmax would give NaN. */
function probabilities(g: Writer, scores: Operand, bias: Operand | undefined): Operand {
  const weights = softmax(g, scores, rankOf(scores) - 1);
  if (bias === undefined) return weights;
  const seesNothing = g.binary('eq', g.reduce('max', bias, [rankOf(bias) - 1], true), Number.NEGATIVE_INFINITY);
  return g.select(seesNothing, 0, weights);
}

/**
 * softmax(softcap(Q·Kᵀ·scale) + mask)·V in f32, with grouped heads, a cache, and the scores of any stage as an output.
 * `softmax_precision` asks for no more than f32.
 */
function attention(node: OnnxNode, g: Writer): readonly Operand[] {
  const { dtype, shape } = node.input(0).type;
  if (dtype !== 'f32' && dtype !== 'f16') node.refuse(`dtype ${dtype}`);
  const [pastKey, pastValue] = [node.optional(4), node.optional(5)];
  const q = withHeads(node, g, node.input(0), 'q_num_heads');
  const presentKey = afterPast(g, pastKey, withHeads(node, g, node.input(1), 'kv_num_heads'));
  const presentValue = afterPast(g, pastValue, withHeads(node, g, node.input(2), 'kv_num_heads'));
  const [batch, heads, queries, size] = q.type.shape as readonly [Dim, Dim, Dim, Dim];
  if (!isStatic(size)) return node.refuse('heads of symbolic size');
  const k = repeatHeads(node, g, presentKey, heads);
  const v = repeatHeads(node, g, presentValue, heads);

  const scale = node.has('scale') ? node.float('scale') : 1 / Math.sqrt(size);
  const raw = g.mul(g.matmul(g.cast(q, 'f32'), g.cast(k, 'f32'), { b: true }), scale);
  const soft = capped(g, raw, node.float('softcap', 0));
  const bias = biasOf(node, g, queries, k.type.shape[2] as Dim, pastKey?.type.shape[2] ?? 0);
  const scores = bias ? g.add(soft, bias) : soft;
  const weights = probabilities(g, scores, bias);
  const y = g.cast(g.matmul(weights, g.cast(v, 'f32')), dtype);

  const stages = [raw, soft, scores, weights];
  const stage = stages[node.int('qk_matmul_output_mode', 0)] ?? node.fail('qk_matmul_output_mode is not 0 to 3');
  const joined = shape.length === 4 ? y : joinHeads(node, g, y, [batch, queries]);
  return [joined, presentKey, presentValue, g.cast(stage, dtype)];
}

function joinHeads(node: OnnxNode, g: Writer, y: Operand, leading: Shape): Operand {
  const [, heads, , size] = y.type.shape as readonly [Dim, Dim, Dim, Dim];
  if (!isStatic(heads)) return node.refuse('a symbolic number of heads');
  return g.reshape(g.transpose(y, [0, 2, 1, 3]), [...leading, scaleDim(size, heads)]);
}

/** Rotates pairs of elements: the halves of a head, or neighbours where it is interleaved. */
function rotaryEmbedding(node: OnnxNode, g: Writer): readonly Operand[] {
  const { shape } = node.input(0).type;
  const x = rankOf(node.input(0)) === 3 ? withHeads(node, g, node.input(0), 'num_heads') : node.input(0);
  const size = x.type.shape[3];
  if (size === undefined || !isStatic(size)) return node.refuse('heads of symbolic size');
  const rotated = node.int('rotary_embedding_dim', 0) || size;
  const positions = node.optional(3);
  const table = (i: number) => {
    const rows = positions ? g.gather(node.input(i), positions, 0) : node.input(i);
    const [batch, sequence, width] = rows.type.shape as readonly [Dim, Dim, Dim];
    return g.reshape(rows, [batch, 1, sequence, width]);
  };
  const [cos, sin] = [table(1), table(2)];
  const part = g.sliceAxis(x, 3, 0, rotated);
  const half = rotated / 2;
  const interleaved = node.int('interleaved', 0) === 1;
  const [step, second] = interleaved ? [2, 1] : [1, half];
  const [a, b] = [g.sliceAxis(part, 3, 0, half, step), g.sliceAxis(part, 3, second, half, step)];
  const real = g.sub(g.mul(cos, a), g.mul(sin, b));
  const imaginary = g.add(g.mul(sin, a), g.mul(cos, b));
  const turned = interleaved ? interleave(g, real, imaginary) : g.concat([real, imaginary], 3);
  const y = rotated === size ? turned : g.concat([turned, g.sliceAxis(x, 3, rotated, size - rotated)], 3);
  return [shape.length === 3 ? joinHeads(node, g, y, shape.slice(0, 2)) : y];
}

function interleave(g: Writer, a: Operand, b: Operand): Operand {
  const apart = [a, b].map((x) => g.reshape(x, [...x.type.shape, 1]));
  const { shape } = a.type;
  return g.reshape(g.concat(apart, shape.length), [...shape.slice(0, -1), scaleDim(shape.at(-1) as Dim, 2)]);
}

export const attentionOps: OnnxOpRows = {
  Attention: {
    since: 23,
    attributes: [
      'is_causal',
      'kv_num_heads',
      'q_num_heads',
      'qk_matmul_output_mode',
      'scale',
      'softcap',
      'softmax_precision',
    ],
    import: attention,
  },
  RotaryEmbedding: {
    since: 23,
    attributes: ['interleaved', 'num_heads', 'rotary_embedding_dim'],
    import: rotaryEmbedding,
  },
};
