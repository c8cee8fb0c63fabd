import type { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';

/** What a move is built from. */
export interface Scene {
  readonly builder: GraphBuilder;
  readonly choice: Chooser;
  /** A value to start from. */
  readonly value: Value;
  readonly pool: readonly Value[];
}

export interface Chooser {
  next(count: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Adds a few nodes; gives the values that may be used further, none where the move does not apply. */
type Move = (scene: Scene) => readonly Value[];

const shapeOf = (value: Value): readonly number[] => value.type.shape as readonly number[];

function constantOf(
  builder: GraphBuilder,
  dtype: Value['type']['dtype'],
  shape: readonly number[],
  value: (i: number) => number,
) {
  const data = newArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = dtype === 'i64' ? BigInt(value(i)) : value(i);
  return builder.constant({ dtype, shape, data } satisfies TensorData);
}

const scalar = (builder: GraphBuilder, value: Value, number: number): Value =>
  constantOf(builder, value.type.dtype, [], () => number);

const isBool = (value: Value): boolean => value.type.dtype === 'bool';
const isFloat = (value: Value): boolean => value.type.dtype === 'f32';

/** Keeps numbers small: the bounds are those of a clipped activation. */
function clamp(builder: GraphBuilder, value: Value): Value {
  const low = builder.op('max', [value, scalar(builder, value, -8)], {});
  return builder.op('min', [low, scalar(builder, value, 8)], {});
}

const unary: Move = ({ builder, choice, value }) => {
  if (isBool(value)) return [builder.op('not', [value], {})];
  return [builder.op(choice.pick(['neg', 'abs', 'sign', 'floor'] as const), [value], {})];
};

const activation: Move = ({ builder, choice, value }) => {
  if (!isFloat(value)) return [];
  switch (choice.next(3)) {
    case 0:
      return [builder.op('max', [value, scalar(builder, value, 0)], {})];
    case 1: {
      const gate = builder.op('round', [builder.op('sigmoid', [value], {})], {});
      return [builder.op('mul', [value, gate], {})];
    }
    default: {
      const curve = builder.op('mul', [builder.op('tanh', [value], {}), scalar(builder, value, 4)], {});
      return [builder.op('round', [curve], {})];
    }
  }
};

const broadcasts = (a: readonly number[], b: readonly number[]): boolean =>
  [...a].reverse().every((dim, i) => {
    const other = b[b.length - 1 - i] ?? 1;
    return dim === other || dim === 1 || other === 1;
  });

function partner({ builder, choice, value, pool }: Scene): Value {
  const fitting = pool.filter(
    (other) => other.type.dtype === value.type.dtype && broadcasts(shapeOf(value), shapeOf(other)),
  );
  const shape = shapeOf(value);
  switch (choice.next(4)) {
    case 0:
      return constantOf(builder, value.type.dtype, shape.slice(-1), (i) => (isBool(value) ? i % 2 : (i % 5) - 2));
    case 1: {
      const channels = shape.map((dim, axis) => (axis === 1 ? dim : 1));
      return constantOf(builder, value.type.dtype, channels, (i) => (isBool(value) ? i % 2 : (i % 4) - 1));
    }
    default:
      return choice.pick(fitting);
  }
}

const binary: Move = (scene) => {
  const { builder, choice, value } = scene;
  const other = partner(scene);
  if (isBool(value)) return [builder.op(choice.pick(['and', 'or', 'xor'] as const), [value, other], {})];
  const op = choice.pick(['add', 'mul', 'sub', 'max', 'min'] as const);
  const operands = choice.next(2) === 0 ? [value, other] : [other, value];
  return [clamp(builder, builder.op(op, operands, {}))];
};

const neutralArithmetic: Move = ({ builder, choice, value }) => {
  if (!isFloat(value)) return [];
  const [op, number] = choice.pick([
    ['mul', 1],
    ['add', -0],
    ['add', 0],
    ['sub', 0],
    ['div', 1],
    ['pow', 1],
    ['mul', -1],
  ] as const);
  return [builder.op(op, [value, scalar(builder, value, number)], {})];
};

const compareAndSelect: Move = (scene) => {
  const { builder, choice, value } = scene;
  if (isBool(value)) return [];
  const other = partner(scene);
  const condition = builder.op(choice.pick(['lt', 'ge', 'eq', 'ne'] as const), [value, other], {});
  return [condition, builder.op('select', [condition, value, other], {})];
};

const cast: Move = ({ builder, choice, value }) => [
  builder.op('cast', [value], { to: choice.pick(['f32', 'i64', 'i32', 'f32', 'bool', 'f64'] as const) }),
];

const castBack: Move = ({ builder, choice, value }) => {
  const there = builder.op('cast', [value], { to: choice.pick(['i64', 'i32', 'f64'] as const) });
  return [clamp(builder, builder.op('cast', [there], { to: 'f32' }))];
};

/** Splits an axis, merges two neighbours, flattens, or adds or removes axes of 1. */
const reshape: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  const at = choice.next(shape.length);
  const dim = shape[at] ?? 1;
  const reshaped = (): readonly number[] => {
    switch (choice.next(5)) {
      case 0:
        return dim % 2 === 0 ? shape.toSpliced(at, 1, 2, dim / 2) : shape.toSpliced(at, 1, 1, dim);
      case 1:
        return at + 1 < shape.length ? shape.toSpliced(at, 2, dim * (shape[at + 1] ?? 1)) : shape;
      case 2:
        return [shape[0] ?? 1, elementCount(shape.slice(1))];
      case 3:
        return shape.toSpliced(at, 0, 1);
      default:
        return shape.filter((size) => size !== 1);
    }
  };
  const target = reshaped();
  return target.length > 6 ? [] : [builder.op('reshape', [value], { shape: target })];
};

const transpose: Move = ({ builder, choice, value }) => {
  const rank = shapeOf(value).length;
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  const common = rank === 4 ? choice.next(4) : 3;
  if (common === 0) return [builder.op('transpose', [value], { perm: [0, 2, 3, 1] })];
  if (common === 1) return [builder.op('transpose', [value], { perm: [0, 3, 1, 2] })];
  for (let i = rank - 1; i > 0; i--) {
    const j = choice.next(i + 1);
    [perm[i], perm[j]] = [perm[j] ?? 0, perm[i] ?? 0];
  }
  return [builder.op('transpose', [value], { perm })];
};

const broadcastTo: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value).map((dim) => (dim === 1 ? choice.next(3) + 1 : dim));
  const target = choice.next(3) === 0 && shape.length < 5 ? [2, ...shape] : shape;
  return [builder.op('broadcast_to', [value], { shape: target })];
};

const slice: Move = ({ builder, choice, value }) => {
  const starts: number[] = [];
  const sizes: number[] = [];
  const steps: number[] = [];
  for (const dim of shapeOf(value)) {
    const step = choice.pick([1, 1, 2, -1]);
    const start = step < 0 ? dim - 1 : choice.next(dim);
    const room = step < 0 ? dim : Math.ceil((dim - start) / step);
    starts.push(start);
    steps.push(step);
    sizes.push(Math.max(1, room - choice.next(2)));
  }
  return [builder.op('slice', [value], { starts, sizes, steps })];
};

/** Pieces along an axis and their concatenation in another order. */
const splitAndConcat: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  const axis = choice.next(shape.length);
  const size = shape[axis] ?? 1;
  if (size < 2) return [];
  const piece = (start: number, length: number): Value =>
    builder.op('slice', [value], {
      starts: shape.map((_, i) => (i === axis ? start : 0)),
      sizes: shape.map((dim, i) => (i === axis ? length : dim)),
      steps: shape.map(() => 1),
    });
  const pieces = [piece(0, 1), piece(1, size - 1)];
  return [builder.op('concat', choice.next(2) === 0 ? pieces : pieces.toReversed(), { axis })];
};

const concat: Move = ({ builder, choice, value, pool }) => {
  const shape = shapeOf(value);
  if (shape.length === 0) return [];
  const axis = choice.next(shape.length);
  const fits = (other: Value): boolean =>
    other.type.dtype === value.type.dtype &&
    shapeOf(other).length === shape.length &&
    shapeOf(other).every((dim, i) => i === axis || dim === shape[i]);
  const others = Array.from({ length: choice.next(3) }, () => choice.pick(pool.filter(fits)));
  return [builder.op('concat', [value, ...others], { axis })];
};

const pad: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  if (isBool(value)) return [];
  const mode = choice.pick(['constant', 'constant', 'edge', 'reflect', 'wrap'] as const);
  const width = (dim: number): number => Math.min(choice.next(2), dim - 1);
  const [before, after] = [shape.map(width), shape.map(width)];
  const inputs = mode === 'constant' ? [value, scalar(builder, value, choice.next(3))] : [value];
  return [builder.op('pad', inputs, { before, after, mode })];
};

function indicesFor({ builder, choice }: Scene, size: number): Value {
  const shape = choice.pick([[], [2], [3], [2, 2]] as const);
  switch (choice.next(3)) {
    case 0:
      return constantOf(builder, 'i64', shape, (i) => i % size);
    case 1:
      return constantOf(builder, 'i64', shape, (i) => ((i * 3 + 1) % size) - size);
    default:
      return builder.op('iota', [], { shape: [size], axis: 0, dtype: 'i64' });
  }
}

const gather: Move = (scene) => {
  const { builder, choice, value } = scene;
  const shape = shapeOf(value);
  if (shape.length === 0) return [];
  const axis = choice.next(shape.length);
  const indices = indicesFor(scene, shape[axis] ?? 1);
  return [builder.op('gather', [value, indices], { axis })];
};

const iota: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value).length === 0 ? [2] : shapeOf(value);
  const dtype = choice.pick(['f32', 'i64', 'i32'] as const);
  return [builder.op('iota', [], { shape, axis: choice.next(shape.length), dtype })];
};

const gatherBest: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  if (shape.length === 0 || isBool(value)) return [];
  const axis = choice.next(shape.length);
  const best = builder.op(choice.pick(['argmax', 'argmin'] as const), [value], {
    axis,
    keepDims: true,
    selectLast: false,
  });
  const picked = builder.op('gather_elements', [value, best], { axis });
  return [best, picked];
};

const topk: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  if (shape.length === 0 || isBool(value)) return [];
  const axis = choice.next(shape.length);
  return builder.ops('topk', [value], { axis, k: 1 + choice.next(shape[axis] ?? 1), largest: choice.next(2) === 0 });
};

const someAxes = (choice: Chooser, rank: number): readonly number[] => {
  switch (choice.next(3)) {
    case 0:
      return [rank - 1];
    case 1:
      return rank > 1 ? [rank - 2, rank - 1] : [rank - 1];
    default:
      return [choice.next(rank)];
  }
};

const reduce: Move = ({ builder, choice, value }) => {
  const rank = shapeOf(value).length;
  if (rank === 0 || isBool(value)) return [];
  const op = choice.pick(['reduce_sum', 'reduce_max', 'reduce_min'] as const);
  const reduced = builder.op(op, [value], { axes: someAxes(choice, rank), keepDims: choice.next(2) === 0 });
  return [op === 'reduce_sum' ? clamp(builder, reduced) : reduced];
};

/** The shape of a softmax and of a layer norm: reductions over rows, with elementwise operators between them. */
const rowWise: Move = ({ builder, choice, value }) => {
  const rank = shapeOf(value).length;
  if (rank === 0 || !isFloat(value)) return [];
  const axes = someAxes(choice, rank);
  const largest = builder.op('reduce_max', [value], { axes, keepDims: true });
  const shifted = builder.op('sub', [value, largest], {});
  const curve = builder.op(
    'round',
    [builder.op('mul', [builder.op('exp', [shifted], {}), scalar(builder, value, 4)], {})],
    {},
  );
  const sum = builder.op('reduce_sum', [curve], { axes, keepDims: true });
  return [clamp(builder, builder.op('floor', [builder.op('div', [curve, sum], {})], {}))];
};

const scan: Move = ({ builder, choice, value }) => {
  const rank = shapeOf(value).length;
  if (rank === 0 || isBool(value)) return [];
  const attrs = { axis: choice.next(rank), exclusive: choice.next(2) === 0, reverse: choice.next(2) === 0 };
  return [clamp(builder, builder.op('cumsum', [value], attrs))];
};

const window: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  if (shape.length !== 4 || !isFloat(value)) return [];
  const size = (dim: number | undefined): number => 1 + choice.next(dim ?? 1);
  const sizes = [1, 1, size(shape[2]), size(shape[3])];
  const stride = 1 + choice.next(2);
  const attrs = { window: sizes, strides: [1, 1, stride, stride], dilations: [1, 1, 1, 1] };
  const op = choice.pick(['window_max', 'window_sum'] as const);
  const result = builder.op(op, [value], attrs);
  return [op === 'window_sum' ? clamp(builder, result) : result];
};

const conv: Move = ({ builder, choice, value }) => {
  const [, channels, height, width] = shapeOf(value);
  if (shapeOf(value).length !== 4 || !isFloat(value) || !channels || !height || !width) return [];
  const groups = choice.next(3) === 0 ? channels : 1;
  const outputs = groups === 1 ? 1 + choice.next(4) : channels;
  const kernel = [1 + choice.next(Math.min(3, height)), 1 + choice.next(Math.min(3, width))];
  const weights = constantOf(builder, 'f32', [outputs, channels / groups, ...kernel], (i) => ((i * 7) % 5) - 2);
  const strides = choice.next(3) === 0 ? [2, 2] : [1, 1];
  const result = builder.op('conv', [value, weights], { strides, dilations: [1, 1], groups, channels: 'first' });
  return [clamp(builder, result)];
};

const matmul: Move = ({ builder, choice, value }) => {
  const shape = shapeOf(value);
  if (shape.length < 2 || !isFloat(value)) return [];
  if (choice.next(3) === 0) {
    return [clamp(builder, builder.op('matmul', [value, value], { transA: false, transB: true }))];
  }
  const transA = choice.next(3) === 0;
  const depth = shape.at(transA ? -2 : -1) ?? 1;
  const transB = choice.next(2) === 0;
  const columns = 1 + choice.next(4);
  const weights = constantOf(builder, 'f32', transB ? [columns, depth] : [depth, columns], (i) => ((i * 5) % 7) - 3);
  return [clamp(builder, builder.op('matmul', [value, weights], { transA, transB }))];
};

/** Several moves more than once: those that passes work on most. */
export const graphMoves: readonly Move[] = [
  unary,
  activation,
  activation,
  binary,
  binary,
  binary,
  neutralArithmetic,
  compareAndSelect,
  cast,
  castBack,
  reshape,
  reshape,
  transpose,
  transpose,
  transpose,
  broadcastTo,
  slice,
  slice,
  splitAndConcat,
  concat,
  pad,
  gather,
  iota,
  gatherBest,
  topk,
  reduce,
  reduce,
  rowWise,
  scan,
  window,
  conv,
  conv,
  matmul,
];
