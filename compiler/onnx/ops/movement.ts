import { addDims, type Dim, divideDim, isStatic, printDim, type Shape, scaleDim } from '../../../ir/dim.ts';
import { compareDims, maxDim, minDim } from '../dim-order.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, range, rankOf } from './axes.ts';

const concat = (node: OnnxNode, g: Writer): Operand =>
  g.concat(node.variadic(), axisOf(node, node.int('axis', node.opset < 4 ? 1 : undefined), rankOf(node.input(0))));

function split(node: OnnxNode, g: Writer): readonly Operand[] {
  const x = node.input(0);
  const axis = axisOf(node, node.int('axis', 0), rankOf(x));
  const dim = x.type.shape[axis] as Dim;
  const sizes = splitSizes(node, dim);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (dim !== total) node.fail(`splits [${sizes}] of a dimension of ${printDim(dim)}`);
  let start = 0;
  return sizes.map((size) => {
    const part = g.sliceAxis(x, axis, start, size);
    start += size;
    return part;
  });
}

function splitSizes(node: OnnxNode, dim: Dim): readonly number[] {
  const given = node.opset < 13 ? node.ints('split') : node.optional(1) && node.constantInts(1, 'split sizes');
  if (given !== undefined) return given;
  if (!isStatic(dim)) return node.refuse('equal parts of a symbolic dimension');
  const count = node.int('num_outputs', node.outputCount);
  const size = Math.ceil(dim / count);
  return range(0, count).map((i) => Math.max(Math.min(size, dim - i * size), 0));
}

interface Cut {
  readonly start: Dim;
  readonly size: Dim;
  readonly step: number;
}

/** Python's rules: bounds count from the end where they are negative, and stop at the ends of the axis. */
function cut(node: OnnxNode, dim: Dim, start: Dim, end: Dim, step: number): Cut {
  if (step === 0) node.fail('a step of 0');
  const limits: readonly [Dim, Dim] = step > 0 ? [0, dim] : [-1, addDims(dim, -1)];
  const [first, last] = [clampBound(node, dim, start, limits), clampBound(node, dim, end, limits)];
  const distance = scaleDim(addDims(last, scaleDim(first, -1)), Math.sign(step));
  if (isStatic(distance)) {
    return { start: distance > 0 ? first : 0, size: Math.max(Math.ceil(distance / Math.abs(step)), 0), step };
  }
  if (Math.abs(step) === 1 && compareDims(distance, 0)?.startsWith('greater'))
    return { start: first, size: distance, step };
  return node.refuse('a slice whose size depends on a symbolic dimension');
}

function clampBound(node: OnnxNode, dim: Dim, at: Dim, [lowest, highest]: readonly [Dim, Dim]): Dim {
  if (isStatic(at) && Math.abs(at) >= farAway) return at > 0 ? highest : lowest;
  const fromStart = isStatic(at) && at < 0 ? addDims(dim, at) : at;
  const raised = maxDim(fromStart, lowest);
  const bound = raised && minDim(raised, highest);
  return bound ?? node.refuse('a slice whose bounds depend on a symbolic dimension');
}

/** Exporters write the largest integers of 32 or 64 bits for the end of an axis. */
const farAway = 2 ** 31 - 1;

interface SliceBounds {
  readonly starts: Shape;
  readonly ends: Shape;
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

function sliceBounds(node: OnnxNode, rank: number): SliceBounds {
  const missing = (what: string) => node.fail(`${what} are missing`);
  const inputs = node.opset >= 10;
  const starts = inputs ? node.dims(1, 'starts') : (node.ints('starts') ?? missing('starts'));
  const ends = inputs ? node.dims(2, 'ends') : (node.ints('ends') ?? missing('ends'));
  const axes = inputs ? node.optional(3) && node.constantInts(3, 'axes') : node.ints('axes');
  const steps = node.optional(4) && node.constantInts(4, 'steps');
  const ones = starts.map(() => 1);
  return {
    starts,
    ends,
    axes: (axes ?? range(0, starts.length)).map((axis) => axisOf(node, axis, rank)),
    steps: steps ?? ones,
  };
}

function slice(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const { starts, ends, axes, steps } = sliceBounds(node, rankOf(x));
  if ([ends, axes, steps].some((list) => list.length !== starts.length))
    node.fail('starts, ends, axes and steps differ in length');
  const cuts = x.type.shape.map((dim, axis): Cut => {
    const i = axes.indexOf(axis);
    return i < 0
      ? { start: 0, size: dim, step: 1 }
      : cut(node, dim, starts[i] as Dim, ends[i] as Dim, steps[i] as number);
  });
  return g.slice(
    x,
    cuts.map(({ start }) => start),
    cuts.map(({ size }) => size),
    cuts.map(({ step }) => step),
  );
}

/** Pads, or cuts where a count is negative. */
function pad(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const rank = rankOf(x);
  const inputs = node.opset >= 11;
  const pads = inputs ? node.constantInts(1, 'pads') : (node.ints('pads') ?? node.fail('pads are missing'));
  const axes =
    (node.optional(3) && node.constantInts(3, 'axes').map((axis) => axisOf(node, axis, rank))) ?? range(0, rank);
  if (pads.length !== 2 * axes.length) node.fail(`${pads.length} pads for ${axes.length} axes`);
  const counts = (offset: number) =>
    range(0, rank).map((axis) => (axes.includes(axis) ? (pads[axes.indexOf(axis) + offset] as number) : 0));
  const [before, after] = [counts(0), counts(axes.length)];
  const cropped = crop(
    g,
    x,
    before.map((count) => Math.max(-count, 0)),
    after.map((count) => Math.max(-count, 0)),
  );
  const value = inputs ? (node.optional(2) ?? 0) : node.float('value', 0);
  const scalar = typeof value === 'number' ? value : g.reshape(value, []);
  return padBy(
    node,
    g,
    cropped,
    before.map((count) => Math.max(count, 0)),
    after.map((count) => Math.max(count, 0)),
    scalar,
  );
}

function padBy(
  node: OnnxNode,
  g: Writer,
  x: Operand,
  before: readonly number[],
  after: readonly number[],
  value: Operand | number,
): Operand {
  const mode = node.string('mode', 'constant');
  if (mode === 'constant') return g.pad(x, before, after, value);
  if (mode !== 'edge' && mode !== 'reflect' && mode !== 'wrap') return node.fail(`mode ${mode}`);
  return g.op('pad', [x], { before, after, mode });
}

/** Leaves out elements at both ends of each axis. */
export function crop(g: Writer, x: Operand, before: readonly number[], after: readonly number[]): Operand {
  const sizes = x.type.shape.map((dim, axis) => addDims(dim, -(before[axis] as number) - (after[axis] as number)));
  return g.slice(x, before, sizes);
}

/** Centred crop or zero padding to the wanted shape. */
function centerCropPad(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const axes = (node.ints('axes') ?? range(0, rankOf(x))).map((axis) => axisOf(node, axis, rankOf(x)));
  const wanted = node.constantInts(1, 'a shape');
  const missing = x.type.shape.map((dim, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return 0;
    return isStatic(dim)
      ? (wanted[i] ?? node.fail(`no size for axis ${axis}`)) - dim
      : node.refuse('symbolic dimensions');
  });
  const less = missing.map((count) => Math.floor(Math.max(-count, 0) / 2));
  const more = missing.map((count) => Math.floor(Math.max(count, 0) / 2));
  const cropped = crop(
    g,
    x,
    less,
    missing.map((count, i) => Math.max(-count, 0) - (less[i] as number)),
  );
  return g.pad(
    cropped,
    more,
    missing.map((count, i) => Math.max(count, 0) - (more[i] as number)),
    0,
  );
}

function blocks(node: OnnxNode, x: Operand) {
  const size = node.int('blocksize');
  const [batch, channels, height, width] = x.type.shape;
  if (rankOf(x) !== 4 || batch === undefined || channels === undefined || height === undefined || width === undefined) {
    return node.fail(`an operand of ${rankOf(x)} axes, expected 4`);
  }
  const divide = (dim: Dim, by: number) =>
    divideDim(dim, by) ?? node.fail(`the dimension ${printDim(dim)} is no multiple of ${by}`);
  return { size, batch, channels, height, width, divide };
}

function depthToSpace(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const { size, batch, channels, height, width, divide } = blocks(node, x);
  const depth = divide(channels, size * size);
  const mode = node.string('mode', 'DCR');
  if (mode !== 'DCR' && mode !== 'CRD') node.fail(`mode ${mode}`);
  const apart =
    mode === 'DCR'
      ? g.transpose(g.reshape(x, [batch, size, size, depth, height, width]), [0, 3, 4, 1, 5, 2])
      : g.transpose(g.reshape(x, [batch, depth, size, size, height, width]), [0, 1, 4, 2, 5, 3]);
  return g.reshape(apart, [batch, depth, scaleDim(height, size), scaleDim(width, size)]);
}

function spaceToDepth(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const { size, batch, channels, height, width, divide } = blocks(node, x);
  const [rows, columns] = [divide(height, size), divide(width, size)];
  const apart = g.transpose(g.reshape(x, [batch, channels, rows, size, columns, size]), [0, 3, 5, 1, 2, 4]);
  return g.reshape(apart, [batch, scaleDim(channels, size * size), rows, columns]);
}

/** Mirrors the first `length` elements of each row of the time axis by the index that each element is taken from. */
function reverseSequence(node: OnnxNode, g: Writer): Operand {
  const [x, lengths] = [node.input(0), node.input(1)];
  const [time, batch] = [node.int('time_axis', 0), node.int('batch_axis', 1)];
  if (![time, batch].every((axis) => axis === 0 || axis === 1) || time === batch)
    node.fail(`time_axis ${time}, batch_axis ${batch}`);
  const ofBatch = g.reshape(
    lengths,
    x.type.shape.map((dim, axis) => (axis === batch ? dim : 1)),
  );
  const position = g.iota('i64', x.type.shape, time);
  const mirrored = g.sub(g.sub(ofBatch, 1), position);
  const index = g.select(g.binary('lt', position, ofBatch), mirrored, position);
  return g.op('gather_elements', [x, index], { axis: time });
}

const withAxis: Pick<OnnxOpRow, 'attributes'> = { attributes: ['axis'] };

export const movementOps: OnnxOpRows = {
  CenterCropPad: row(centerCropPad, { since: 18, attributes: ['axes'] }),
  Concat: row(concat, withAxis),
  DepthToSpace: row(depthToSpace, { attributes: ['blocksize', 'mode'] }),
  Pad: row(pad, { attributes: ['mode', 'pads', 'value'] }),
  ReverseSequence: row(reverseSequence, { since: 10, attributes: ['batch_axis', 'time_axis'] }),
  Slice: row(slice, { attributes: ['axes', 'ends', 'starts'] }),
  SpaceToDepth: row(spaceToDepth, { attributes: ['blocksize'] }),
  Split: { attributes: ['axis', 'num_outputs', 'split'], import: split },
};
