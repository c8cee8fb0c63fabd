import { isStatic } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { rankOf } from './axes.ts';
import { channelShape, spatialWindows, windowAttributes, withOuterAxes } from './spatial.ts';

/** The spatial part of a weight's shape, which has to be known. */
export function kernelOf(node: OnnxNode, weight: Operand): readonly number[] {
  const kernel = weight.type.shape.slice(2);
  if (!kernel.every(isStatic)) return node.refuse('a kernel of symbolic size');
  const declared = node.ints('kernel_shape');
  if (declared !== undefined && declared.join() !== kernel.join())
    node.fail(`kernel_shape [${declared.join()}] for a weight of [${kernel.join()}]`);
  return kernel;
}

/** Zero padding and the convolution proper; the operand and weight may be integers whose zero point is taken off. */
export function convolve(node: OnnxNode, g: Writer, x: Operand, weight: Operand): Operand {
  if (rankOf(x) < 3 || rankOf(x) !== rankOf(weight))
    node.fail(`an operand of ${rankOf(x)} axes and a weight of ${rankOf(weight)}`);
  const { strides, dilations, begin, end } = spatialWindows(node, x.type.shape.slice(2), kernelOf(node, weight));
  const padded = g.pad(x, withOuterAxes(begin, 0), withOuterAxes(end, 0), 0);
  return g.op('conv', [padded, weight], { strides, dilations, groups: node.int('group', 1), channels: 'first' });
}

export function addBias(g: Writer, y: Operand, bias: Operand | undefined): Operand {
  return bias === undefined ? y : g.add(y, g.reshape(bias, channelShape(bias.type.shape[0] ?? 1, rankOf(y))));
}

export const convolutionAttributes = [...windowAttributes, 'group'];

export const convolutionOps: OnnxOpRows = {
  Conv: row((node, g) => addBias(g, convolve(node, g, node.input(0), node.input(1)), node.optional(2)), {
    attributes: convolutionAttributes,
  }),
};
