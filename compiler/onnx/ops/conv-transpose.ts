import { addDims, type Dim, isStatic, scaleDim } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf } from './axes.ts';
import { addBias, convolutionAttributes, kernelOf } from './convolution.ts';
import { crop } from './movement.ts';
import { withOuterAxes } from './spatial.ts';

interface Transposed {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** What is cut off at both ends; less than nothing where more is added. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly groups: number;
}

function transposedWindows(node: OnnxNode, x: Operand, weight: Operand): Transposed {
  const kernel = kernelOf(node, weight);
  const spatial = kernel.length;
  const perAxis = (name: string, fallback: number) => node.ints(name) ?? kernel.map(() => fallback);
  const [strides, dilations, added] = [perAxis('strides', 1), perAxis('dilations', 1), perAxis('output_padding', 0)];
  const pads = node.ints('pads') ?? [...kernel, ...kernel].map(() => 0);
  const wanted = wantedShape(node, x, strides);
  const cuts = kernel.map((size, i): readonly [number, number] => {
    const [stride, more] = [strides[i] as number, added[i] as number];
    if (wanted === undefined) return [pads[i] as number, (pads[i + spatial] as number) - more];
    const dim = x.type.shape[i + 2] as Dim;
    if (!isStatic(dim)) return node.refuse('output_shape or auto_pad over a symbolic dimension');
    const total = stride * (dim - 1) + (size - 1) * (dilations[i] as number) + 1 + more - (wanted[i] as number);
    if (total < 0) return node.refuse('an output_shape that the windows do not reach');
    const [smaller, larger] = [Math.floor(total / 2), total - Math.floor(total / 2)];
    const [begin, end] = node.string('auto_pad', 'NOTSET') === 'SAME_UPPER' ? [smaller, larger] : [larger, smaller];
    return [begin, end - more];
  });
  return {
    kernel,
    strides,
    dilations,
    begin: cuts.map(([begin]) => begin),
    end: cuts.map(([, end]) => end),
    groups: node.int('group', 1),
  };
}

/** The spatial shape of the result where the node gives it, itself or by auto_pad. */
function wantedShape(node: OnnxNode, x: Operand, strides: readonly number[]): readonly number[] | undefined {
  const given = node.ints('output_shape');
  if (given !== undefined) return given.slice(-strides.length);
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode === 'NOTSET' || mode === 'VALID') return undefined;
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') return node.fail(`auto_pad ${mode}`);
  return x.type.shape
    .slice(2)
    .map((dim, i) =>
      isStatic(dim) ? dim * (strides[i] as number) : node.refuse('auto_pad over a symbolic dimension'),
    );
}

function convTranspose(node: OnnxNode, g: Writer): Operand {
  const [x, weight] = [node.input(0), node.input(1)];
  if (rankOf(x) < 3 || rankOf(x) !== rankOf(weight))
    node.fail(`an operand of ${rankOf(x)} axes and a weight of ${rankOf(weight)}`);
  if (!weight.type.shape.every(isStatic)) node.refuse('a weight of symbolic size');
  const windows = transposedWindows(node, x, weight);
  const { kernel, strides, begin, end, groups, dilations } = windows;
  const apart =
    groups === 1 &&
    kernel.every((size, i) => size === strides[i] && dilations[i] === 1) &&
    [...begin, ...end].every((count) => count === 0);
  return addBias(
    g,
    apart ? withoutOverlap(g, x, weight, kernel) : zeroStuffed(g, x, weight, windows),
    node.optional(2),
  );
}

/** Where windows touch but don't overlap, each input point becomes a block of the result: a 1×1 convolution, then a shuffle. */
function withoutOverlap(g: Writer, x: Operand, weight: Operand, kernel: readonly number[]): Operand {
  const [inputs, outputs] = weight.type.shape as readonly [number, number];
  const [batch, , ...dims] = x.type.shape as readonly [Dim, Dim, ...Dim[]];
  const count = kernel.length;
  const points = kernel.reduce((product, size) => product * size, outputs);
  const asRows = g.reshape(g.transpose(g.reshape(weight, [inputs, points]), [1, 0]), [
    points,
    inputs,
    ...kernel.map(() => 1),
  ]);
  const ones = kernel.map(() => 1);
  const y = g.op('conv', [x, asRows], { strides: ones, dilations: ones, groups: 1, channels: 'first' });
  const split = g.reshape(y, [batch, outputs, ...kernel, ...dims]);
  const shuffled = g.transpose(split, [0, 1, ...range(0, count).flatMap((i) => [2 + count + i, 2 + i])]);
  return g.reshape(shuffled, [batch, outputs, ...dims.map((dim, i) => scaleDim(dim, kernel[i] as number))]);
}

/** The convolution, with the flipped weight, of the operand with stride - 1 zeros between its points. */
function zeroStuffed(
  g: Writer,
  x: Operand,
  weight: Operand,
  { kernel, strides, dilations, begin, end, groups }: Transposed,
): Operand {
  const reach = kernel.map((size, i) => (size - 1) * (dilations[i] as number));
  const before = reach.map((count, i) => count - (begin[i] as number));
  const after = reach.map((count, i) => count - (end[i] as number));
  const positive = (counts: readonly number[]) =>
    withOuterAxes(
      counts.map((count) => Math.max(count, 0)),
      0,
    );
  const negative = (counts: readonly number[]) =>
    withOuterAxes(
      counts.map((count) => Math.max(-count, 0)),
      0,
    );
  const stuffed = g.pad(stuff(g, x, strides), positive(before), positive(after), 0);
  const y = crop(g, stuffed, negative(before), negative(after));
  return g.op('conv', [y, flipped(g, weight, groups)], {
    strides: kernel.map(() => 1),
    dilations,
    groups,
    channels: 'first',
  });
}

/** [d] → [d, 1] → [d, stride] → [d·stride] → [(d - 1)·stride + 1] */
function stuff(g: Writer, x: Operand, strides: readonly number[]): Operand {
  if (strides.every((stride) => stride === 1)) return x;
  const [batch, channels, ...dims] = x.type.shape as readonly [Dim, Dim, ...Dim[]];
  const apart = g.reshape(x, [batch, channels, ...dims.flatMap((dim) => [dim, 1])]);
  const none = Array.from({ length: rankOf(apart) }, () => 0);
  const padded = g.pad(apart, none, [0, 0, ...strides.flatMap((stride) => [0, stride - 1])], 0);
  const joined = g.reshape(padded, [batch, channels, ...dims.map((dim, i) => scaleDim(dim, strides[i] as number))]);
  const sizes = dims.map((dim, i) => addDims(scaleDim(dim, strides[i] as number), 1 - (strides[i] as number)));
  return g.slice(
    joined,
    joined.type.shape.map(() => 0),
    [batch, channels, ...sizes],
  );
}

/** [inputs, outputs/groups, k…] → [outputs, inputs/groups, k… backwards] */
function flipped(g: Writer, weight: Operand, groups: number): Operand {
  const [inputs, outputs, ...kernel] = weight.type.shape as readonly [number, number, ...number[]];
  const grouped = g.reshape(weight, [groups, inputs / groups, outputs, ...kernel]);
  const swapped = g.transpose(grouped, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
  const whole = g.reshape(swapped, [groups * outputs, inputs / groups, ...kernel]);
  const starts = [0, 0, ...kernel.map((size) => size - 1)];
  return g.slice(whole, starts, whole.type.shape, [1, 1, ...kernel.map((size) => (size === 1 ? 1 : -1))]);
}

export const convTransposeOps: OnnxOpRows = {
  ConvTranspose: row(convTranspose, { attributes: [...convolutionAttributes, 'output_padding', 'output_shape'] }),
};
