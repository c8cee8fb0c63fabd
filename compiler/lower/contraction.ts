import type { Dim } from '../../ir/dim.ts';
import { type DType, isBigInt } from '../../ir/dtype.ts';
import { add, cast, constant, floordiv, int, mul } from '../../ir/tensor/build.ts';
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
 * The direct definition; with channels last and packed weights its schedule is an implicit GEMM. Channels of a group
 * stand together: output channel o belongs to group o / (outputs / groups).
 */
const conv: Lowering<'conv'> = (node, context) => {
  const [x, w] = node.inputs.map((input) => context.operand(input));
  if (x === undefined || w === undefined) return;
  const { strides, dilations, groups, channels } = node.attrs;
  const [outputs, perGroup] = [staticDim(w.type.shape[0]), staticDim(w.type.shape[1])];
  const rank = strides.length;
  const kernel = w.type.shape.slice(2);
  context.reduce(node, [...kernel, perGroup], zero(accumulatorOf(x.type.dtype)), (old, spatial, reduce) => {
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

export const contractionLowerings = { matmul, conv };
