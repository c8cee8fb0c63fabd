import type { Dim, Shape } from '../../ir/dim.ts';
import { type DType, isBigInt } from '../../ir/dtype.ts';
import type { NodeOf } from '../../ir/graph/graph.ts';
import { add, cast, constant, floordiv, floormod, int, mul } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { accumulatorOf, broadcastIndices, type Lowering, staticDim } from './lowering.ts';
import { windowIndex } from './reduce.ts';

const zero = (dtype: DType): Expr => constant(isBigInt(dtype) ? 0n : 0, dtype);

/** total + a·b, where an operand of fewer bits than the total is widened first. */
const multiplyAdd = (total: Expr, a: Expr, b: Expr): Expr =>
  add(total, mul(cast(a, total.dtype), cast(b, total.dtype)));

const matmul: Lowering<'matmul'> = (node, context) => {
  const [a, b] = node.inputs.map((input) => context.operand(input));
  if (a === undefined || b === undefined) return;
  const { transA, transB } = node.attrs;
  const [aShape, bShape] = [a.type.shape, b.type.shape];
  const depth = aShape[aShape.length - (transA ? 2 : 1)] as Dim;
  context.reduce(node, [depth], zero(accumulatorOf(a.type.dtype)), (old, spatial, [k]) => {
    const [row, column] = spatial.slice(-2) as [Expr, Expr];
    const batch = spatial.slice(0, -2);
    const last = (first: Expr, second: Expr, swap: boolean): readonly Expr[] =>
      swap ? [second, first] : [first, second];
    const left = a.at([...broadcastIndices(aShape.slice(0, -2), batch), ...last(row, k as Expr, transA)]);
    const right = b.at([...broadcastIndices(bShape.slice(0, -2), batch), ...last(k as Expr, column, transB)]);
    return multiplyAdd(old, left, right);
  });
};

/**
 * Channels of a group stand together: output channel o belongs to group o / (outputs / groups). Where the result is a
 * matrix, its rows are the places of all images and lines in order.
 */
const conv: Lowering<'conv'> = (node, context) => {
  const [x, w] = node.inputs.map((input) => context.operand(input));
  if (x === undefined || w === undefined) return;
  const { strides, dilations, groups, channels } = node.attrs;
  const [outputs, perGroup] = [staticDim(w.type.shape[0]), staticDim(w.type.shape[1])];
  const rank = strides.length;
  const kernel = w.type.shape.slice(2);
  const isMatrix = node.outputs[0]?.type.shape.length === 2;
  context.reduce(node, [...kernel, perGroup], zero(accumulatorOf(x.type.dtype)), (old, indices, reduce) => {
    const spatial = isMatrix ? placeOfRow(node, x.type.shape, kernel, indices) : indices;
    const channelAxis = channels === 'first' ? 1 : rank + 1;
    const output = spatial[channelAxis] as Expr;
    const offsets = reduce.slice(0, rank);
    const input = reduce[rank] as Expr;
    const group = groups === outputs ? output : floordiv(output, int(outputs / groups));
    const channel = groups === 1 ? input : perGroup === 1 ? group : add(mul(group, int(perGroup)), input);
    const places = offsets.map((offset, i) =>
      windowIndex(
        spatial[i + (channels === 'first' ? 2 : 1)] as Expr,
        offset,
        strides[i] as number,
        dilations[i] as number,
      ),
    );
    const batch = spatial[0] as Expr;
    const element = x.at(channels === 'first' ? [batch, channel, ...places] : [batch, ...places, channel]);
    return multiplyAdd(old, element, w.at([output, input, ...offsets]));
  });
};

/** Batch, place and channel of an element of the matrix that a convolution with channels last gives. */
function placeOfRow(
  { attrs: { strides, dilations } }: NodeOf<'conv'>,
  input: Shape,
  kernel: Shape,
  [row, channel]: readonly Expr[],
): readonly Expr[] {
  const extents = strides.map((stride, i) => {
    const covered = (dilations[i] as number) * (staticDim(kernel[i]) - 1) + 1;
    return Math.floor((staticDim(input[i + 1]) - covered) / stride) + 1;
  });
  const places: Expr[] = [];
  let rest = row as Expr;
  for (const extent of extents.toReversed()) {
    places.unshift(floormod(rest, int(extent)));
    rest = floordiv(rest, int(extent));
  }
  return [rest, ...places, channel as Expr];
}

export const contractionLowerings = { matmul, conv };
