import { isFloat } from '../../../ir/dtype.ts';
import type { ReduceKind } from '../../../ir/graph/op-attrs.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axesOf, axesOperand, axisOf, oneInt, range, rankOf, widened } from './axes.ts';

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type Compute = (g: Writer, x: Operand, reduction: Reduction) => Operand;

/** `axes` became an input in opset 18, of ReduceSum in 13. Without axes all are reduced, or none where the node says so. */
function reduction(compute: Compute, axesInputSince = 18): OnnxOpRow {
  const importOne = (node: OnnxNode, g: Writer) => {
    const x = node.input(0);
    const given = axesOperand(node, 1, axesInputSince) ?? [];
    const none = given.length === 0 && node.int('noop_with_empty_axes', 0) === 1;
    const axes = given.length > 0 || none ? axesOf(node, given, rankOf(x)) : range(0, rankOf(x));
    return widened(g, x, (wide) => compute(g, wide, { axes, keepDims: node.int('keepdims', 1) === 1 }));
  };
  return row(importOne, { attributes: ['axes', 'keepdims', 'noop_with_empty_axes'] });
}

const plain =
  (kind: ReduceKind): Compute =>
  (g, x, { axes, keepDims }) => {
    if (x.type.dtype !== 'bool') return g.reduce(kind, x, axes, keepDims);
    return g.cast(g.reduce(kind, g.cast(x, 'u8'), axes, keepDims), 'bool');
  };

const sum = plain('sum');
const square = (g: Writer, x: Operand) => g.mul(x, x);

/** How many elements are combined into one, as a scalar of the operand's dtype. */
export function countOf(g: Writer, x: Operand, axes: readonly number[]): Operand {
  const dims = g.dims(axes.map((axis) => x.type.shape[axis] ?? 1));
  return g.cast(g.reduce('prod', dims, [0], false), x.type.dtype);
}

export const mean = (g: Writer, x: Operand, axes: readonly number[], keepDims = true): Operand =>
  axes.length === 0 ? x : g.div(g.reduce('sum', x, axes, keepDims), countOf(g, x, axes));

/** log Σ eˣ, shifted by the largest element where that is finite. */
const logSumExp: Compute = (g, x, { axes, keepDims }) => {
  if (!isFloat(x.type.dtype)) return g.unary('log', g.reduce('sum', g.unary('exp', x), axes, keepDims));
  const largest = g.reduce('max', x, axes, true);
  const shift = g.select(g.binary('lt', g.unary('abs', largest), Number.POSITIVE_INFINITY), largest, 0);
  const total = g.add(g.unary('log', g.reduce('sum', g.unary('exp', g.sub(x, shift)), axes, true)), shift);
  if (keepDims) return total;
  return g.reshape(
    total,
    x.type.shape.filter((_, axis) => !axes.includes(axis)),
  );
};

function argReduce(op: 'argmax' | 'argmin'): OnnxOpRow {
  const importOne = (node: OnnxNode, g: Writer) => {
    const x = node.input(0);
    const axis = axisOf(node, node.int('axis', 0), rankOf(x));
    const [keepDims, selectLast] = [node.int('keepdims', 1) === 1, node.int('select_last_index', 0) === 1];
    return g.op(op, [x], { axis, keepDims, selectLast });
  };
  return row(importOne, { attributes: ['axis', 'keepdims', 'select_last_index'] });
}

function cumulative(op: 'cumsum' | 'cumprod', since: number): OnnxOpRow {
  const importOne = (node: OnnxNode, g: Writer) => {
    const x = node.input(0);
    const axis = axisOf(node, oneInt(node, 1, 'axis'), rankOf(x));
    return g.op(op, [x], { axis, exclusive: node.int('exclusive', 0) === 1, reverse: node.int('reverse', 0) === 1 });
  };
  return row(importOne, { since, attributes: ['exclusive', 'reverse'] });
}

function topK(node: OnnxNode, g: Writer): readonly Operand[] {
  const x = node.input(0);
  const k = node.opset < 10 ? node.int('k') : oneInt(node, 1, 'k');
  return g.ops('topk', [x], {
    axis: axisOf(node, node.int('axis', -1), rankOf(x)),
    k,
    largest: node.int('largest', 1) === 1,
  });
}

export const reductionOps: OnnxOpRows = {
  ArgMax: argReduce('argmax'),
  ArgMin: argReduce('argmin'),
  CumProd: cumulative('cumprod', 26),
  CumSum: cumulative('cumsum', 11),
  ReduceL1: reduction((g, x, to) => sum(g, g.unary('abs', x), to)),
  ReduceL2: reduction((g, x, to) => g.unary('sqrt', sum(g, square(g, x), to))),
  ReduceLogSum: reduction((g, x, to) => g.unary('log', sum(g, x, to))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(plain('max')),
  ReduceMean: reduction((g, x, { axes, keepDims }) => mean(g, x, axes, keepDims)),
  ReduceMin: reduction(plain('min')),
  ReduceProd: reduction(plain('prod')),
  ReduceSum: reduction(sum, 13),
  ReduceSumSquare: reduction((g, x, to) => sum(g, square(g, x), to)),
  TopK: { attributes: ['axis', 'k', 'largest', 'sorted'], import: topK },
};
