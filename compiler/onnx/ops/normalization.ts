import { type Dim, divideDim, type Shape } from '../../../ir/dim.ts';
import type { DType } from '../../../ir/dtype.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, range, rankOf, widened } from './axes.ts';
import { mean } from './reduction.ts';
import { channelShape } from './spatial.ts';

const defaultEpsilon = 1e-5;
const epsilonOf = (node: OnnxNode) => node.float('epsilon', defaultEpsilon);

/** Statistics are taken in f32 at least. */
const statisticsType = (dtype: DType): DType => (dtype === 'f16' ? 'f32' : dtype);

function standardized(g: Writer, x: Operand, axes: readonly number[], epsilon: number) {
  const average = mean(g, x, axes);
  const centred = g.sub(x, average);
  const variance = mean(g, g.mul(centred, centred), axes);
  const deviation = g.unary('sqrt', g.add(variance, epsilon));
  return { average, deviation, normalized: g.div(centred, deviation) };
}

/** A vector over the channels in the operand's dtype and rank. */
const overChannels = (g: Writer, vector: Operand, x: Operand): Operand =>
  g.cast(g.reshape(vector, channelShape(vector.type.shape[0] ?? 1, rankOf(x))), x.type.dtype);

/** Inference: a scale and a shift that are known where the statistics are. */
function batchNormalization(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  if (node.int('training_mode', 0) === 1) node.refuse('training_mode');
  if (node.opset < 7 && node.int('is_test', 0) === 0) node.refuse('training mode');
  if (node.int('spatial', 1) === 0) node.refuse('statistics of their own for each point (spatial = 0)');
  if (range(1, node.outputCount).some((i) => node.wants(i))) node.refuse('statistics as outputs');
  const [scale, bias, average, variance] = [1, 2, 3, 4].map((i) =>
    g.cast(node.input(i), statisticsType(x.type.dtype)),
  ) as [Operand, Operand, Operand, Operand];
  const factor = g.div(scale, g.unary('sqrt', g.add(variance, epsilonOf(node))));
  const shift = g.sub(bias, g.mul(average, factor));
  return widened(g, x, (wide) => g.add(g.mul(wide, overChannels(g, factor, wide)), overChannels(g, shift, wide)));
}

function layerNormalization(node: OnnxNode, g: Writer): readonly Operand[] {
  const x = node.input(0);
  const axes = range(axisOf(node, node.int('axis', -1), rankOf(x)), rankOf(x));
  const wide = g.cast(x, statisticsType(x.type.dtype));
  const { average, deviation, normalized } = standardized(g, wide, axes, epsilonOf(node));
  const scaled = g.mul(normalized, g.cast(node.input(1), wide.type.dtype));
  const bias = node.optional(2);
  const y = g.cast(bias ? g.add(scaled, g.cast(bias, wide.type.dtype)) : scaled, x.type.dtype);
  if (!node.wants(1) && !node.wants(2)) return [y];
  return [y, average, g.div(1, deviation)];
}

function rmsNormalization(node: OnnxNode, g: Writer): Operand {
  return widened(g, node.input(0), (x) => {
    const axes = range(axisOf(node, node.int('axis', -1), rankOf(x)), rankOf(x));
    const root = g.unary('sqrt', g.add(mean(g, g.mul(x, x), axes), epsilonOf(node)));
    return g.mul(g.div(x, root), g.cast(node.input(1), x.type.dtype));
  });
}

function instanceNormalization(node: OnnxNode, g: Writer): Operand {
  return widened(g, node.input(0), (x) => {
    const { normalized } = standardized(g, x, range(2, rankOf(x)), epsilonOf(node));
    return g.add(g.mul(normalized, overChannels(g, node.input(1), x)), overChannels(g, node.input(2), x));
  });
}

/** The scale and bias are a group's before opset 21, since then a channel's. */
function groupNormalization(node: OnnxNode, g: Writer): Operand {
  const groups = node.int('num_groups');
  return widened(g, node.input(0), (x) => {
    const [batch, channels, ...dims] = x.type.shape as readonly [Dim, Dim, ...Dim[]];
    const size = divideDim(channels, groups) ?? node.fail(`the channels are no multiple of ${groups} groups`);
    const grouped: Shape = [batch, groups, size, ...dims];
    const { normalized } = standardized(g, g.reshape(x, grouped), range(2, grouped.length), epsilonOf(node));
    const affine = (y: Operand) =>
      g.add(g.mul(y, overChannels(g, node.input(1), y)), overChannels(g, node.input(2), y));
    return node.opset < 21 ? g.reshape(affine(normalized), x.type.shape) : affine(g.reshape(normalized, x.type.shape));
  });
}

/** x / (bias + alpha/size · Σ x²)^beta, the sum over a window of neighbouring channels. */
function localResponseNormalization(node: OnnxNode, g: Writer): Operand {
  const size = node.int('size');
  return widened(g, node.input(0), (x) => {
    const onChannels = (value: number, other: number) => x.type.shape.map((_, axis) => (axis === 1 ? value : other));
    const before = Math.floor((size - 1) / 2);
    const squares = g.pad(g.mul(x, x), onChannels(before, 0), onChannels(size - 1 - before, 0), 0);
    const ones = onChannels(1, 1);
    const total = g.op('window_sum', [squares], { window: onChannels(size, 1), strides: ones, dilations: ones });
    const base = g.add(g.mul(total, node.float('alpha', 1e-4) / size), node.float('bias', 1));
    return g.div(x, g.binary('pow', base, node.float('beta', 0.75)));
  });
}

/** Where the norm is 0 all elements are, and stay so. */
function lpNormalization(node: OnnxNode, g: Writer): Operand {
  const p = node.int('p', 2);
  if (p !== 1 && p !== 2) node.fail(`p ${p}`);
  return widened(g, node.input(0), (x) => {
    const axes = [axisOf(node, node.int('axis', -1), rankOf(x))];
    const norm =
      p === 1
        ? g.reduce('sum', g.unary('abs', x), axes, true)
        : g.unary('sqrt', g.reduce('sum', g.mul(x, x), axes, true));
    return g.select(g.binary('eq', norm, 0), 0, g.div(x, norm));
  });
}

function meanVarianceNormalization(node: OnnxNode, g: Writer): Operand {
  return widened(g, node.input(0), (x) => {
    const axes = (node.ints('axes') ?? [0, 2, 3]).map((axis) => axisOf(node, axis, rankOf(x)));
    const { average, deviation } = standardized(g, x, axes, 0);
    return g.div(g.sub(x, average), g.add(deviation, 1e-9));
  });
}

export const normalizationOps: OnnxOpRows = {
  BatchNormalization: row(batchNormalization, {
    attributes: ['epsilon', 'is_test', 'momentum', 'spatial', 'training_mode'],
  }),
  GroupNormalization: row(groupNormalization, { since: 18, attributes: ['epsilon', 'num_groups', 'stash_type'] }),
  InstanceNormalization: row(instanceNormalization, { attributes: ['epsilon'] }),
  LRN: row(localResponseNormalization, { attributes: ['alpha', 'beta', 'bias', 'size'] }),
  LayerNormalization: { since: 17, attributes: ['axis', 'epsilon', 'stash_type'], import: layerNormalization },
  LpNormalization: row(lpNormalization, { attributes: ['axis', 'p'] }),
  MeanVarianceNormalization: row(meanVarianceNormalization, { since: 9, attributes: ['axes'] }),
  RMSNormalization: row(rmsNormalization, { since: 23, attributes: ['axis', 'epsilon', 'stash_type'] }),
};
