import { addDims, type Dim, isStatic, printDim, printShape, type Shape, scaleDim } from '../../../ir/dim.ts';
import { compareDims, productOfDims, quotientOfDims } from '../dim-order.ts';
import type { OnnxNode } from '../node.ts';
import { knownIntegers, type Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axesOf, axesOperand, flag, oneInt, range, rankOf } from './axes.ts';

/** A copied dimension is 0 in the shape operand, an inferred one -1. */
function reshape(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const wanted = node.dims(1, 'a shape');
  const copies = node.int('allowzero', 0) === 0;
  const shape = wanted.map(
    (dim, i): Dim =>
      dim === 0 && copies ? (x.type.shape[i] ?? node.fail(`dimension ${i} copies one that is not there`)) : dim,
  );
  if (shape.filter((dim) => dim === -1).length > 1) node.fail(`shape ${printShape(shape)} leaves two dimensions open`);
  if (!shape.includes(-1)) return g.reshape(x, shape);
  const rest = quotientOfDims(
    x.type.shape,
    shape.filter((dim) => dim !== -1),
  );
  if (rest === undefined)
    return canBeInferred(x.type.shape, shape)
      ? node.fail('the operand has no whole number of such rows')
      : node.refuse('a dimension that is no affine expression of the symbols');
  return g.reshape(
    x,
    shape.map((dim) => (dim === -1 ? rest : dim)),
  );
}

const canBeInferred = (from: Shape, to: Shape): boolean => from.every(isStatic) && to.every(isStatic);

function flatten(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const axis = node.int('axis', 1);
  const at = axis < 0 ? axis + rankOf(x) : axis;
  const product = (dims: Shape) => productOfDims(dims) ?? node.refuse('a product of symbolic dimensions');
  return g.reshape(x, [product(x.type.shape.slice(0, at)), product(x.type.shape.slice(at))]);
}

function squeeze(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const given = axesOperand(node, 1, 13);
  const { shape } = x.type;
  if (given === undefined && !shape.every(isStatic)) node.refuse('symbolic dimensions that may be 1');
  const axes =
    given === undefined ? range(0, rankOf(x)).filter((axis) => shape[axis] === 1) : axesOf(node, given, rankOf(x));
  const wrong = axes.find((axis) => shape[axis] !== 1);
  if (wrong !== undefined) node.fail(`axis ${wrong} of size ${printDim(shape[wrong] ?? 0)} cannot be squeezed`);
  return g.reshape(
    x,
    shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function unsqueeze(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const given = axesOperand(node, 1, 13) ?? node.fail('axes are missing');
  const axes = axesOf(node, given, rankOf(x) + given.length);
  const rest = [...x.type.shape];
  return g.reshape(
    x,
    range(0, rankOf(x) + given.length).map((axis) => (axes.includes(axis) ? 1 : (rest.shift() as Dim))),
  );
}

/** The shape to which two shapes are repeated by numpy's rules. */
export function commonShape(node: OnnxNode, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return range(0, rank).map((i) => {
    const [left, right] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (left === 1) return right;
    if (right === 1 || compareDims(left, right) === 'equal') return left;
    return isStatic(left) && isStatic(right)
      ? node.fail(`dimensions ${left} and ${right} don't fit`)
      : node.refuse('symbolic dimensions that may differ');
  });
}

function expand(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  return g.broadcastTo(x, commonShape(node, x.type.shape, node.dims(1, 'a shape')));
}

function shapeOf(node: OnnxNode, g: Writer): Operand {
  const { shape } = node.input(0).type;
  const bound = (at: number) => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  return g.dims(shape.slice(bound(node.int('start', 0)), bound(node.int('end', shape.length))));
}

function transpose(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const perm = node.ints('perm') ?? range(0, rankOf(x)).toReversed();
  if (axesOf(node, perm, rankOf(x)).length !== rankOf(x)) node.fail(`perm [${perm}] for ${rankOf(x)} axes`);
  return g.transpose(x, perm);
}

/** Repeats along each axis: [a, b] → [1, a, 1, b] → [r, a, s, b] → [r·a, s·b]. */
function tile(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const repeats = node.constantInts(1, 'repeats');
  if (repeats.length !== rankOf(x)) node.fail(`${repeats.length} repeats for ${rankOf(x)} axes`);
  const { shape } = x.type;
  if (repeats.every((count) => count === 1)) return x;
  const apart = g.reshape(
    x,
    shape.flatMap((dim, i) => (repeats[i] === 1 ? [dim] : [1, dim])),
  );
  const repeated = g.broadcastTo(
    apart,
    shape.flatMap((dim, i) => (repeats[i] === 1 ? [dim] : [repeats[i] as number, dim])),
  );
  return g.reshape(
    repeated,
    shape.map((dim, i) => scaleDim(dim, repeats[i] as number)),
  );
}

/** Inference: the operand as it is, and a mask that keeps all. */
function dropout(node: OnnxNode, g: Writer): readonly Operand[] {
  const x = node.input(0);
  if (flag(node, 2, 'training_mode') && !dropsNothing(node.optional(1))) node.refuse('training mode');
  return [x, g.broadcastTo(g.scalar(node.opset < 10 ? x.type.dtype : 'bool', 1), x.type.shape)];
}

const dropsNothing = (ratio: Operand | undefined): boolean => ratio?.kind === 'constant' && ratio.data.data[0] === 0;

function rangeOf(node: OnnxNode, g: Writer): Operand {
  const [start, delta] = [node.input(0), node.input(2)];
  const steps = g.cast(g.iota('i64', [rangeSize(node)], 0), start.type.dtype);
  return g.add(g.mul(steps, g.reshape(delta, [])), g.reshape(start, []));
}

/** Of numbers, or of dimensions with a step of one. */
function rangeSize(node: OnnxNode): Dim {
  const [start, limit, delta] = [0, 1, 2].map((i) => firstNumber(node.input(i)));
  if (start !== undefined && limit !== undefined && delta !== undefined) {
    return delta === 0 ? node.fail('a step of 0') : Math.max(Math.ceil((limit - start) / delta), 0);
  }
  const [[first], [last]] = [node.dims(0, 'a start'), node.dims(1, 'a limit')];
  if (first === undefined || last === undefined || oneInt(node, 2, 'a step') !== 1)
    return node.refuse('a symbolic range with a step');
  return addDims(last, scaleDim(first, -1));
}

function firstNumber(operand: Operand): number | undefined {
  if (operand.kind !== 'constant') return undefined;
  return knownIntegers(operand)?.[0] ?? Number(operand.data.data[0]);
}

export const shapeOps: OnnxOpRows = {
  Dropout: { attributes: ['ratio', 'seed', 'is_test'], import: dropout },
  Expand: row(expand, { since: 8 }),
  Flatten: row(flatten, { attributes: ['axis'] }),
  Identity: row((node) => node.input(0)),
  Range: row(rangeOf, { since: 11 }),
  Reshape: row(reshape, { attributes: ['allowzero'] }),
  Shape: row(shapeOf, { attributes: ['start', 'end'] }),
  Size: row((node, g) => g.reduce('prod', g.dims(node.input(0).type.shape), [0], false)),
  Squeeze: row(squeeze, { attributes: ['axes'] }),
  Tile: row(tile),
  Transpose: row(transpose, { attributes: ['perm'] }),
  Unsqueeze: row(unsqueeze, { attributes: ['axes'] }),
};
