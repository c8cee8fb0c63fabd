import { addDims, type Dim, dimEquals, isStatic, type Shape, scaleDim, shapeEquals } from '../../../ir/dim.ts';
import type { NodeOf } from '../../../ir/graph/graph.ts';
import { numbersOf } from '../constant-values.ts';
import { operand, producedBy, type Rule, type Rules, resultType } from './rule.ts';

/** Movement that moves nothing, and two movements that are one. */

const sameShape: Rule<'reshape' | 'broadcast_to'> = (node, graph) =>
  shapeEquals(graph.typeOf(operand(node, 0)).shape, resultType(node).shape) ? operand(node, 0) : undefined;

const reshapeOfReshape: Rule<'reshape'> = (node, graph) => {
  const inner = producedBy(graph, operand(node, 0), 'reshape');
  return inner === undefined ? undefined : graph.emit('reshape', [operand(inner, 0)], node.attrs, node.name);
};

/** A reshape that puts the reduced axes back as axes of 1 is the reduction's keepDims. */
const keepReducedAxes: Rule<'reshape'> = (node, graph) => {
  const inner = graph.producerOf(operand(node, 0));
  switch (inner?.op) {
    case 'reduce_sum':
    case 'reduce_prod':
    case 'reduce_max':
    case 'reduce_min': {
      const { axes, keepDims } = inner.attrs;
      const { shape } = graph.typeOf(operand(inner, 0));
      const kept = shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
      if (keepDims || !shapeEquals(kept, node.attrs.shape)) return undefined;
      return graph.emit(inner.op, inner.inputs, { axes, keepDims: true }, node.name);
    }
    default:
      return undefined;
  }
};

const identityTranspose: Rule<'transpose'> = (node) =>
  node.attrs.perm.every((axis, i) => axis === i) ? operand(node, 0) : undefined;

const transposeOfTranspose: Rule<'transpose'> = (node, graph) => {
  const inner = producedBy(graph, operand(node, 0), 'transpose');
  if (inner === undefined) return undefined;
  const perm = node.attrs.perm.map((axis) => inner.attrs.perm[axis] ?? 0);
  return graph.emit('transpose', [operand(inner, 0)], { perm }, node.name);
};

/** A transpose that only moves axes of size 1 moves no data. */
const transposeOfUnitAxes: Rule<'transpose'> = (node, graph) => {
  const { shape } = graph.typeOf(operand(node, 0));
  const moved = node.attrs.perm.filter((axis) => shape[axis] !== 1);
  if (moved.some((axis, i) => i > 0 && axis < (moved[i - 1] ?? 0))) return undefined;
  return graph.emit('reshape', [operand(node, 0)], { shape: resultType(node).shape }, node.name);
};

const wholeSlice: Rule<'slice'> = (node, graph) => {
  const { starts, sizes, steps } = node.attrs;
  const whole = shapeEquals(graph.typeOf(operand(node, 0)).shape, sizes) && starts.every((start) => start === 0);
  return whole && steps.every((step) => step === 1) ? operand(node, 0) : undefined;
};

const sliceOfSlice: Rule<'slice'> = (node, graph) => {
  const inner = producedBy(graph, operand(node, 0), 'slice');
  if (inner === undefined) return undefined;
  const { starts, steps, sizes } = node.attrs;
  const combined = starts.map((start, axis) =>
    addDims(inner.attrs.starts[axis] ?? 0, scaleDim(start, inner.attrs.steps[axis] ?? 1)),
  );
  const strides = steps.map((step, axis) => step * (inner.attrs.steps[axis] ?? 1));
  return graph.emit('slice', [operand(inner, 0)], { starts: combined, sizes, steps: strides }, node.name);
};

const zeroPad: Rule<'pad'> = (node) =>
  [...node.attrs.before, ...node.attrs.after].every((width) => width === 0) ? operand(node, 0) : undefined;

const concatOfOne: Rule<'concat'> = (node) => (node.inputs.length === 1 ? operand(node, 0) : undefined);

/** concat of neighbouring pieces of one value, all of it: the value. */
const concatOfAllSlices: Rule<'concat'> = (node, graph) => {
  const { axis } = node.attrs;
  const slices = node.inputs.map((input) => producedBy(graph, input, 'slice'));
  const source = slices[0]?.inputs[0];
  if (source === undefined || !shapeEquals(graph.typeOf(source).shape, resultType(node).shape)) return undefined;
  let next: Dim = 0;
  for (const slice of slices) {
    if (slice === undefined || slice.inputs[0] !== source || !cutsOnly(slice, axis, next)) return undefined;
    next = addDims(next, slice.attrs.sizes[axis] ?? 0);
  }
  return source;
};

function cutsOnly({ attrs }: NodeOf<'slice'>, axis: number, start: Dim): boolean {
  if (attrs.steps.some((step) => step !== 1)) return false;
  return attrs.starts.every((found, i) => dimEquals(found, i === axis ? start : 0));
}

/** gather by constant, evenly spaced indices is a slice; of a single index, one without the axis. */
const gatherOfRange: Rule<'gather'> = (node, graph) => {
  const [data, indices] = [operand(node, 0), graph.constantOf(operand(node, 1))];
  const { axis } = node.attrs;
  const { shape } = graph.typeOf(data);
  const size = shape[axis];
  if (indices === undefined || size === undefined || !isStatic(size) || indices.shape.length > 1) return undefined;
  const places = Array.from(numbersOf(indices), (i) => (i < 0 ? i + size : i));
  const [first, second] = places;
  if (first === undefined || places.some((place) => place < 0 || place >= size)) return undefined;
  const step = second === undefined ? 1 : second - first;
  if (step === 0 || places.some((place, i) => place !== first + i * step)) return undefined;
  const along = <T>(value: T, rest: (i: number) => T): T[] => shape.map((_, i) => (i === axis ? value : rest(i)));
  const sliced = graph.emit(
    'slice',
    [data],
    {
      starts: along<Dim>(first, () => 0),
      sizes: along<Dim>(places.length, (i) => shape[i] ?? 0),
      steps: along(step, () => 1),
    },
    node.name,
  );
  return indices.shape.length === 1
    ? sliced
    : graph.emit('reshape', [sliced], { shape: resultType(node).shape }, node.name);
};

const broadcastOfBroadcast: Rule<'broadcast_to'> = (node, graph) => {
  const inner = producedBy(graph, operand(node, 0), 'broadcast_to');
  return inner === undefined ? undefined : graph.emit('broadcast_to', [operand(inner, 0)], node.attrs, node.name);
};

/** broadcast_to that only adds axes of 1 in front is a reshape. */
const broadcastOfNothing: Rule<'broadcast_to'> = (node, graph) => {
  const { shape } = graph.typeOf(operand(node, 0));
  const added = node.attrs.shape.length - shape.length;
  const padded: Shape = [...new Array<number>(added).fill(1), ...shape];
  if (added === 0 || !shapeEquals(padded, node.attrs.shape)) return undefined;
  return graph.emit('reshape', [operand(node, 0)], { shape: node.attrs.shape }, node.name);
};

/** A maximum, minimum or product over axes of 1. (A sum turns -0 into 0.) */
const reduceOfNothing: Rule<'reduce_max' | 'reduce_min' | 'reduce_prod'> = (node, graph) => {
  const { shape } = graph.typeOf(operand(node, 0));
  if (node.attrs.axes.some((axis) => shape[axis] !== 1)) return undefined;
  return graph.emit('reshape', [operand(node, 0)], { shape: resultType(node).shape }, node.name);
};

export const movementRules: Rules = {
  reshape: [sameShape, reshapeOfReshape, keepReducedAxes] satisfies readonly Rule<'reshape'>[],
  transpose: [identityTranspose, transposeOfTranspose, transposeOfUnitAxes],
  broadcast_to: [sameShape, broadcastOfNothing, broadcastOfBroadcast],
  slice: [wholeSlice, sliceOfSlice],
  pad: [zeroPad],
  concat: [concatOfOne, concatOfAllSlices],
  gather: [gatherOfRange],
  reduce_max: [reduceOfNothing],
  reduce_min: [reduceOfNothing],
  reduce_prod: [reduceOfNothing],
};
