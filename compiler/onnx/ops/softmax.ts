import type { Dim, Shape } from '../../../ir/dim.ts';
import { productOfDims } from '../dim-order.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, rankOf, widened } from './axes.ts';

/** Both sides of a maximum-shifted softmax: x - max, and Σ exp of it, along an axis. That none is above 0 helps exp. */
function shifted(g: Writer, x: Operand, axis: number) {
  const difference = g.sub(x, g.reduce('max', x, [axis], true));
  const exponentials = g.unary('exp', g.min(difference, 0));
  return { difference, exponentials, sum: g.reduce('sum', exponentials, [axis], true) };
}

/** Divides once for all elements of the axis. The sum is at least 1, and its inverse a normal number. */
export function softmax(g: Writer, x: Operand, axis: number): Operand {
  const { exponentials, sum } = shifted(g, x, axis);
  return g.mul(exponentials, g.div(1, sum));
}

function logSoftmax(g: Writer, x: Operand, axis: number): Operand {
  const { difference, sum } = shifted(g, x, axis);
  return g.sub(difference, g.unary('log', sum));
}

/** 1 at the first largest element, 0 elsewhere. */
function hardmax(g: Writer, x: Operand, axis: number): Operand {
  const best = g.op('argmax', [x], { axis, keepDims: true, selectLast: false });
  const position = g.iota('i64', x.type.shape, axis);
  return g.cast(g.binary('eq', position, best), x.type.dtype);
}

/** Before opset 13 the operand is seen as a matrix, the axes from `axis` on as its rows' elements. */
function along(compute: (g: Writer, x: Operand, axis: number) => Operand): OnnxOpRow {
  const importOne = (node: OnnxNode, g: Writer) => {
    const x = node.input(0);
    const axis = axisOf(node, node.int('axis', node.opset < 13 ? 1 : -1), Math.max(rankOf(x), 1));
    const onAxis = (operand: Operand) => widened(g, operand, (wide) => compute(g, wide, axis));
    if (node.opset >= 13 || axis === rankOf(x) - 1 || x.type.shape.slice(axis + 1).every((dim) => dim === 1))
      return onAxis(x);
    const leading = x.type.shape.slice(0, axis);
    const flat = g.reshape(x, [...leading, flattened(node, x.type.shape.slice(axis))]);
    return g.reshape(onAxis(flat), x.type.shape);
  };
  return row(importOne, { attributes: ['axis'] });
}

const flattened = (node: OnnxNode, dims: Shape): Dim =>
  productOfDims(dims) ?? node.refuse('several symbolic dimensions from the axis on');

export const softmaxOps: OnnxOpRows = {
  Hardmax: along(hardmax),
  LogSoftmax: along(logSoftmax),
  Softmax: along(softmax),
};
