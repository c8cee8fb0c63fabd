import { addDims, type Dim, type Shape } from '../../ir/dim.ts';
import { add, binary, cast, dimExpr, floordiv, floormod, int, mul, store, sub } from '../../ir/tensor/build.ts';
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
  const target = context.result(node);
  let offset: Dim = 0;
  for (const input of node.inputs) {
    const source = context.operand(input);
    const start = offset;
    context.block(node.op, { spatial: source.type.shape }, (indices) => {
      const moved = indices.map((index, axis) => (axis === node.attrs.axis ? add(dimExpr(start), index) : index));
      return { body: store(target, moved, source.at(indices)) };
    });
    offset = addDims(offset, source.type.shape[node.attrs.axis] as Dim);
  }
};

/**
 * Constant padding writes the border as rectangles of their own, two an axis, so that no element is tested. The other
 * modes read through an index that is mapped back into the input.
 */
const pad: Lowering<'pad'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  const { before, after, mode } = node.attrs;
  if (mode !== 'constant') {
    context.compute(node, (indices) =>
      source.at(
        indices.map((index, axis) =>
          mappedIndex(sub(index, int(before[axis] as number)), source.type.shape[axis] as Dim, mode),
        ),
      ),
    );
    return;
  }
  const target = context.result(node);
  const value = context.operand(node.inputs[1] as string).at([]);
  const write = (op: string, starts: Shape, sizes: Shape, element: (indices: readonly Expr[]) => Expr): void =>
    context.block(op, { spatial: sizes }, (indices) => ({
      body: store(
        target,
        indices.map((index, axis) => add(dimExpr(starts[axis] as Dim), index)),
        element(indices),
      ),
    }));
  // Axes before `axis` are already inside the input's range, those after it span the whole result.
  before.forEach((low, axis) => {
    const high = after[axis] as number;
    const region = (start: Dim, size: Dim): [Shape, Shape] => [
      target.shape.map((_, i) => (i < axis ? (before[i] as number) : i === axis ? start : 0)),
      target.shape.map((dim, i) => (i < axis ? (source.type.shape[i] as Dim) : i === axis ? size : dim)),
    ];
    if (low > 0) write('pad_before', ...region(0, low), () => value);
    if (high > 0) write('pad_after', ...region(addDims(source.type.shape[axis] as Dim, low), high), () => value);
  });
  write(node.op, before, source.type.shape, source.at);
};

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

const iota: Lowering<'iota'> = (node, context) => {
  context.compute(node, (indices) => cast(indices[node.attrs.axis] as Expr, node.attrs.dtype));
};

export const movementLowerings = { reshape, transpose, broadcast_to: broadcastTo, slice, concat, pad, iota };
