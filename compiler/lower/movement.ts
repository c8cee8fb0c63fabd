import { addDims, type Dim, type Shape } from '../../ir/dim.ts';
import { add, cast, dimExpr, floordiv, floormod, int, mul } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { broadcastIndices, type Lowering } from './lowering.ts';

const reshape: Lowering<'reshape'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  context.compute(node, (indices) => source.at(unravel(ravel(indices, node.attrs.shape), source.type.shape)));
};

/** The row-major offset of an index. */
export function ravel(indices: readonly Expr[], shape: Shape): Expr {
  return indices.reduce<Expr>((offset, index, axis) => add(mul(offset, dimExpr(shape[axis] as Dim)), index), int(0));
}

/** The index of a row-major offset. */
export function unravel(offset: Expr, shape: Shape): readonly Expr[] {
  const indices: Expr[] = [];
  let rest = offset;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = dimExpr(shape[axis] as Dim);
    indices.unshift(floormod(rest, size));
    rest = floordiv(rest, size);
  }
  return shape.length === 0 ? [] : [rest, ...indices];
}

const transpose: Lowering<'transpose'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  context.compute(node, (indices) => {
    const permuted: Expr[] = [];
    node.attrs.perm.forEach((axis, i) => {
      permuted[axis] = indices[i] as Expr;
    });
    return source.at(permuted);
  });
};

const broadcastTo: Lowering<'broadcast_to'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  context.compute(node, (indices) => source.at(broadcastIndices(source.type.shape, indices)));
};

const slice: Lowering<'slice'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  const { starts, steps } = node.attrs;
  context.compute(node, (indices) =>
    source.at(indices.map((index, axis) => add(dimExpr(starts[axis] as Dim), mul(index, int(steps[axis] as number))))),
  );
};

/** One block an operand: each writes its part of the result. */
const concat: Lowering<'concat'> = (node, context) => {
  let offset: Dim = 0;
  for (const input of node.inputs) {
    const source = context.operand(input);
    const start = offset;
    context.block(node.op, { spatial: source.type.shape }, (indices) => {
      const moved = indices.map((index, axis) => (axis === node.attrs.axis ? add(dimExpr(start), index) : index));
      return { body: context.storeElement(node, moved, source.at(indices)) };
    });
    offset = addDims(offset, source.type.shape[node.attrs.axis] as Dim);
  }
};

const iota: Lowering<'iota'> = (node, context) => {
  context.compute(node, (indices) => cast(indices[node.attrs.axis] as Expr, node.attrs.dtype));
};

export const movementLowerings = { reshape, transpose, broadcast_to: broadcastTo, slice, concat, iota };
