import { addDims, type Dim, type Shape, shapeEquals } from '../../ir/dim.ts';
import type { Graph, NodeOf } from '../../ir/graph/graph.ts';
import { add, binary, dimExpr, floormod, int, mul, store, sub } from '../../ir/tensor/build.ts';
import type { Buffer, Expr } from '../../ir/tensor/tensor-func.ts';
import type { Lowering, LoweringContext } from './lowering.ts';
import { ravel, unravel } from './movement.ts';

/** Constant padding writes the operand and its border; the other modes read through an index mapped into the operand. */
export const pad: Lowering<'pad'> = (node, context) => {
  const { before, mode } = node.attrs;
  if (mode === 'constant') {
    padConstant(node, context);
    return;
  }
  const source = context.operand(node.inputs[0] as string);
  context.compute(node, (indices) =>
    source.at(
      indices.map((index, axis) =>
        mappedIndex(sub(index, int(before[axis] as number)), source.type.shape[axis] as Dim, mode),
      ),
    ),
  );
};

/**
 * A concat that a pad ends, whose operands are copied in any case, is written into the middle of the padded tensor at
 * once. To be called before the nodes of a group are lowered.
 */
export function placeInHalo(body: Graph, context: LoweringContext): void {
  const [concat, end] = body.nodes.slice(-2);
  if (concat?.op !== 'concat' || end?.op !== 'pad' || end.attrs.mode !== 'constant') return;
  const [[joined], [padded]] = [concat.outputs, end.outputs];
  if (joined === undefined || padded === undefined || end.inputs[0] !== joined.name) return;
  const isGiven = body.outputs.some(({ value }) => value === joined.name);
  const isWhole = body.outputs.some(({ value }) => value === padded.name);
  if (!isGiven && isWhole) context.place(joined, padded.name, end.attrs.before);
}

/**
 * The border first, then each element of the operand at its place in the result. The second block walks the operand, not
 * the result: what computes the operand can be fused into it and is tiled as if nothing were padded. Where the operand's
 * axes were merged (`collapse-axes.ts`), they still are its iteration variables, and the place follows from the position
 * of the element.
 */
function padConstant(node: NodeOf<'pad'>, context: LoweringContext): void {
  const { before, after } = node.attrs;
  const target = context.result(node);
  const inner = target.shape.map((dim, axis) => addDims(dim, -((before[axis] as number) + (after[axis] as number))));
  fillBorder(node, context, target, inner);
  const value = node.inputs[0] as string;
  if (context.isPlaced(value)) return;
  const source = context.operand(value);
  const { shape } = source.type;
  context.block(node.op, { spatial: shape }, (indices) => {
    const place = shapeEquals(shape, inner) ? indices : unravel(ravel(indices, shape), inner);
    const moved = place.map((index, axis) => add(index, int(before[axis] as number)));
    return { body: store(target, moved, source.at(indices)) };
  });
}

/**
 * The border as rectangles, so that no element is tested: one an axis for both its sides where they are equally wide,
 * else one a side. Axes before the rectangle's own are already inside the operand's range, those after it span the result.
 */
function fillBorder(node: NodeOf<'pad'>, context: LoweringContext, target: Buffer, inner: Shape): void {
  const { before, after } = node.attrs;
  const value = context.operand(node.inputs[1] as string).at([]);
  const fill = (op: string, axis: number, widths: Shape, at: (across: readonly Expr[]) => Expr): void => {
    const [outer, rest] = [inner.slice(0, axis), target.shape.slice(axis + 1)];
    context.block(op, { spatial: [...outer, ...widths, ...rest] }, (indices) => {
      const within = indices.slice(0, axis).map((index, i) => add(index, int(before[i] as number)));
      const across = at(indices.slice(axis, axis + widths.length));
      return { body: store(target, [...within, across, ...indices.slice(axis + widths.length)], value) };
    });
  };
  before.forEach((low, axis) => {
    const high = after[axis] as number;
    const start = dimExpr(addDims(inner[axis] as Dim, low));
    if (low === high && low > 0) {
      fill('pad_border', axis, [2, low], ([side, at]) => add(mul(side as Expr, start), at as Expr));
      return;
    }
    if (low > 0) fill('pad_before', axis, [low], ([at]) => at as Expr);
    if (high > 0) fill('pad_after', axis, [high], ([at]) => add(start, at as Expr));
  });
}

/** Maps an index that may lie outside 0 … size-1 back into it. */
function mappedIndex(index: Expr, dim: Dim, mode: 'edge' | 'reflect' | 'wrap'): Expr {
  const size = dimExpr(dim);
  if (mode === 'edge') return binary('max', int(0), binary('min', index, sub(size, int(1))));
  if (mode === 'wrap') return floormod(index, size);
  if (dim === 1) return int(0);
  // Reflection has the period 2·(size-1); within it the second half runs backwards.
  const period = mul(int(2), sub(size, int(1)));
  const phase = floormod(index, period);
  return binary('min', phase, sub(period, phase));
}
