import type { Dim, Shape } from '../../ir/dim.ts';
import { isFloat } from '../../ir/dtype.ts';
import type { ScatterReduction } from '../../ir/graph/op-attrs.ts';
import type { BinaryOp } from '../../ir/scalar.ts';
import { add, binary, cast, int, load, select, store, sub, unary } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { axisSize, type Lowering, type Operand, staticDim } from './lowering.ts';

/**
 * An index that counts from the end where it is negative. One that is out of range is clamped: what ONNX leaves
 * undefined must not read or write outside of its tensor.
 */
function wrapIndex(index: Expr, size: Expr): Expr {
  const position = cast(index, 'i32');
  const wrapped = select(binary('lt', position, int(0)), add(position, size), position);
  return binary('max', int(0), binary('min', wrapped, sub(size, int(1))));
}

const operands = (
  node: { readonly inputs: readonly string[] },
  operand: (name: string) => Operand,
): readonly [Operand, Operand] => [operand(node.inputs[0] as string), operand(node.inputs[1] as string)];

const gather: Lowering<'gather'> = (node, context) => {
  const [data, index] = operands(node, (name) => context.operand(name));
  const { axis } = node.attrs;
  const rank = index.type.shape.length;
  context.compute(node, (indices) => {
    const position = wrapIndex(index.at(indices.slice(axis, axis + rank)), axisSize(data.type, axis));
    return data.at([...indices.slice(0, axis), position, ...indices.slice(axis + rank)]);
  });
};

const gatherElements: Lowering<'gather_elements'> = (node, context) => {
  const [data, index] = operands(node, (name) => context.operand(name));
  const { axis } = node.attrs;
  context.compute(node, (indices) => {
    const position = wrapIndex(index.at(indices), axisSize(data.type, axis));
    return data.at(indices.map((i, at) => (at === axis ? position : i)));
  });
};

/** The coordinates that the last axis of an index tensor holds, for axes `first`, first+1, … of the data. */
const coordinates = (index: Operand, prefix: readonly Expr[], data: Operand, first: number): readonly Expr[] =>
  Array.from({ length: staticDim(index.type.shape.at(-1)) }, (_, i) =>
    wrapIndex(index.at([...prefix, int(i)]), axisSize(data.type, first + i)),
  );

const gatherNd: Lowering<'gather_nd'> = (node, context) => {
  const [data, index] = operands(node, (name) => context.operand(name));
  const { batchDims } = node.attrs;
  const outer = index.type.shape.length - 1;
  context.compute(node, (indices) =>
    data.at([
      ...indices.slice(0, batchDims),
      ...coordinates(index, indices.slice(0, outer), data, batchDims),
      ...indices.slice(outer),
    ]),
  );
};

const combineOps: Readonly<Record<Exclude<ScatterReduction, 'none'>, BinaryOp>> = {
  add: 'add',
  mul: 'mul',
  min: 'min',
  max: 'max',
};

const combine = (reduction: ScatterReduction, old: Expr, update: Expr): Expr =>
  reduction === 'none' ? update : binary(combineOps[reduction], old, update);

/** Updates run in order, one after the other (reduce variables): two of them may hit one element. */
const scatterElements: Lowering<'scatter_elements'> = (node, context) => {
  const [data, index] = operands(node, (name) => context.operand(name));
  const updates = context.operand(node.inputs[2] as string);
  const target = context.result(node);
  const { axis, reduction } = node.attrs;
  context.block('scatter_copy', { spatial: target.shape }, (at) => ({ body: store(target, at, data.at(at)) }));
  context.block(node.op, { spatial: [], reduce: updates.type.shape }, (_, at) => {
    const position = wrapIndex(index.at(at), axisSize(data.type, axis));
    const place = at.map((i, dim) => (dim === axis ? position : i));
    return { body: store(target, place, combine(reduction, load(target, place), updates.at(at))) };
  });
};

const scatterNd: Lowering<'scatter_nd'> = (node, context) => {
  const [data, index] = operands(node, (name) => context.operand(name));
  const updates = context.operand(node.inputs[2] as string);
  const target = context.result(node);
  const outer = index.type.shape.length - 1;
  context.block('scatter_copy', { spatial: target.shape }, (at) => ({ body: store(target, at, data.at(at)) }));
  context.block(node.op, { spatial: [], reduce: updates.type.shape }, (_, at) => {
    const place = [...coordinates(index, at.slice(0, outer), data, 0), ...at.slice(outer)];
    return { body: store(target, place, combine(node.attrs.reduction, load(target, place), updates.at(at))) };
  });
};

/** Whether one element comes before another among the largest (or smallest). NaN is larger than every number. */
function precedes(a: Expr, b: Expr, largest: boolean): Expr {
  const better = binary(largest ? 'gt' : 'lt', a, b);
  if (!isFloat(a.dtype)) return better;
  const [above, below] = largest ? [a, b] : [b, a];
  return binary('or', better, binary('and', unary('isnan', above), binary('eq', below, below)));
}

function ties(a: Expr, b: Expr): Expr {
  const equal = binary('eq', a, b);
  return isFloat(a.dtype) ? binary('or', equal, binary('and', unary('isnan', a), unary('isnan', b))) : equal;
}

/**
 * Selection: the j-th result is the best element that comes after the (j-1)-th in the order (value, then position).
 * k·n comparisons, no memory beside the results.
 */
const topk: Lowering<'topk'> = (node, context) => {
  const source = context.operand(node.inputs[0] as string);
  const [values, positions] = [context.result(node, 0), context.result(node, 1)];
  const { axis, k, largest } = node.attrs;
  const outer: Shape = values.shape.map((dim, i) => (i === axis ? 1 : dim));
  const size = source.type.shape[axis] as Dim;
  context.block(node.op, { spatial: outer, reduce: [k, size] }, (spatial, [rank, candidate]) => {
    const [j, i] = [rank as Expr, candidate as Expr];
    const along = (position: Expr): readonly Expr[] => spatial.map((index, at) => (at === axis ? position : index));
    const element = source.at(along(i));
    const better = (a: Expr, b: Expr): Expr => precedes(a, b, largest);
    const index = cast(i, 'i64');
    const previous = sub(j, int(1));
    const [lastValue, lastIndex] = [load(values, along(previous)), load(positions, along(previous))];
    const tied = binary('and', ties(element, lastValue), binary('gt', index, lastIndex));
    const after = select(binary('eq', j, int(0)), binary('eq', j, j), binary('or', better(lastValue, element), tied));
    const none = binary('lt', load(positions, along(j)), cast(int(0), 'i64'));
    const take = binary('and', after, binary('or', none, better(element, load(values, along(j)))));
    return {
      body: {
        kind: 'seq',
        stmts: [
          {
            kind: 'if',
            cond: binary('eq', i, int(0)),
            then: {
              kind: 'seq',
              stmts: [store(values, along(j), element), store(positions, along(j), cast(int(-1), 'i64'))],
            },
          },
          {
            kind: 'if',
            cond: take,
            then: { kind: 'seq', stmts: [store(values, along(j), element), store(positions, along(j), index)] },
          },
        ],
      },
    };
  });
};

export const gatherScatterLowerings = {
  gather,
  gather_elements: gatherElements,
  gather_nd: gatherNd,
  scatter_elements: scatterElements,
  scatter_nd: scatterNd,
  topk,
};
