import type { DType } from '../../ir/dtype.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount } from '../../ir/tensor-data.ts';
import { type KernelScene, shapeOf } from './kernel-scene.ts';

/** What a kernel is about: builds it from new sources, or from a value where that fits. */
export type Head = (scene: KernelScene) => Value;

const floats: readonly DType[] = ['f32', 'f32', 'f32', 'f32', 'f16', 'f64'];
const numbers: readonly DType[] = [...floats, 'i32', 'i64', 'u8', 'i8', 'u32', 'i16', 'u16', 'u64'];

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const contractionType = (scene: KernelScene): DType => (scene.rarely(6) ? scene.choice.pick(numbers) : 'f32');

/** Between the channels and the places: every relation of sizes, groups, strides, dilations and layouts. */
export const conv: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = contractionType(scene);
  const rank = choice.pick([2, 2, 2, 1, 3]);
  const grouping = choice.pick(['one', 'one', 'depthwise', 'some'] as const);
  const groups = grouping === 'one' ? 1 : grouping === 'some' ? choice.pick([2, 3, 4]) : scene.size();
  const perGroup = grouping === 'depthwise' ? 1 : scene.size(grouping === 'some' ? 8 : 24);
  const outputs =
    groups * (grouping === 'depthwise' ? choice.pick([1, 1, 2]) : scene.size(grouping === 'some' ? 8 : 40));
  const kernel = range(rank).map(() => choice.pick([1, 3, 2, 5]));
  const [strides, dilations] = [
    range(rank).map(() => choice.pick([1, 1, 2, 3])),
    range(rank).map(() => choice.pick([1, 1, 2])),
  ];
  const reach = kernel.map((size, i) => (size - 1) * (dilations[i] as number) + 1);
  const places = range(rank).map((i) => Math.max(reach[i] as number, scene.size(rank === 3 ? 7 : 40)));
  const batch = choice.pick([1, 1, 2]);
  const channels = choice.pick(['first', 'first', 'last'] as const);
  const shape = channels === 'first' ? [batch, groups * perGroup, ...places] : [batch, ...places, groups * perGroup];
  const x = scene.source(dtype, shape, false);
  const padded = choice.next(2) === 1 ? padPlaces(scene, x, channels) : x;
  const w = scene.source(dtype, [outputs, perGroup, ...kernel], !scene.rarely(3));
  return builder.op('conv', [padded, w], { strides, dilations, groups, channels });
};

function padPlaces(scene: KernelScene, x: Value, channels: 'first' | 'last'): Value {
  const shape = shapeOf(x);
  const isPlace = (axis: number): boolean => (channels === 'first' ? axis >= 2 : axis >= 1 && axis < shape.length - 1);
  return pad(scene, x, isPlace);
}

export function pad(scene: KernelScene, x: Value, may: (axis: number) => boolean): Value {
  const { builder, choice } = scene;
  const mode = choice.pick(['constant', 'constant', 'edge', 'reflect', 'wrap'] as const);
  const width = (dim: number, axis: number): number => (may(axis) ? Math.min(choice.next(4), dim - 1) : 0);
  const [before, after] = [shapeOf(x).map(width), shapeOf(x).map(width)];
  const inputs = mode === 'constant' ? [x, scene.scalar(x, choice.pick([0, 0, 3]))] : [x];
  return builder.op('pad', inputs, { before, after, mode });
}

export const matmul: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = contractionType(scene);
  const batch = scene.shape(choice.pick([0, 0, 0, 1, 1, 2]), 12);
  const [m, n, k] = [scene.size(), scene.size(), scene.size()];
  const [transA, transB] = [scene.rarely(3), scene.rarely(2)];
  const some = (): readonly number[] => {
    const kept = batch.map((dim) => (scene.rarely(3) ? 1 : dim));
    return scene.rarely(3) ? kept.slice(choice.next(kept.length + 1)) : kept;
  };
  const a = scene.source(dtype, [...batch, ...(transA ? [k, m] : [m, k])], scene.rarely(5));
  const b = scene.source(dtype, [...some(), ...(transB ? [n, k] : [k, n])]);
  return builder.op('matmul', [a, b], { transA, transB });
};

/** Any two values of any sizes that a convolution cannot reach: a row of scores that weighs rows of values. */
export const attention: Head = (scene) => {
  const { builder } = scene;
  const [heads, rows, columns, depth] = [scene.size(4), scene.size(), scene.size(), scene.size(17)];
  const [q, k, v] = [rows, columns, columns].map((size) => scene.source('f32', [heads, size, depth], false)) as [
    Value,
    Value,
    Value,
  ];
  const scores = builder.op('matmul', [q, k], { transA: false, transB: true });
  const scaled = builder.op('mul', [scores, scene.scalar(scores, 0.25)], {});
  const masked = scene.rarely(2) ? builder.op('add', [scaled, scene.source('f32', [rows, columns])], {}) : scaled;
  return builder.op('matmul', [softmax(scene, masked, [2]), v], { transA: false, transB: false });
};

export function softmax(scene: KernelScene, x: Value, axes: readonly number[]): Value {
  const { builder } = scene;
  scene.roundsDifferently();
  const shifted = builder.op('sub', [x, builder.op('reduce_max', [x], { axes, keepDims: true })], {});
  const powers = builder.op('exp', [shifted], {});
  return builder.op('div', [powers, builder.op('reduce_sum', [powers], { axes, keepDims: true })], {});
}

function mean(scene: KernelScene, x: Value, axes: readonly number[], keepDims = true): Value {
  const count = axes.reduce((product, axis) => product * (shapeOf(x)[axis] as number), 1);
  const sum = scene.builder.op('reduce_sum', [x], { axes, keepDims });
  return scene.builder.op('div', [sum, scene.scalar(sum, count)], {});
}

/** Reductions with elementwise operators between them, over any axes. */
export const rows: Head = (scene) => {
  const { choice } = scene;
  scene.roundsDifferently();
  const x = scene.source('f32', scene.shape(choice.pick([2, 3, 1, 4])), false);
  return normalize(scene, x, scene.rarely(2) ? scene.axes(shapeOf(x).length) : [shapeOf(x).length - 1]);
};

export function normalize(scene: KernelScene, x: Value, axes: readonly number[]): Value {
  const { builder, choice } = scene;
  const squareMean = (value: Value): Value => mean(scene, builder.op('mul', [value, value], {}), axes);
  const byRoot = (value: Value, variance: Value): Value => {
    const safe = builder.op('add', [variance, scene.scalar(variance, 0.5)], {});
    return builder.op('div', [value, builder.op('sqrt', [safe], {})], {});
  };
  scene.roundsDifferently();
  switch (choice.next(4)) {
    case 0:
      return softmax(scene, x, axes);
    case 1: {
      const centred = builder.op('sub', [x, mean(scene, x, axes)], {});
      return byRoot(centred, squareMean(centred));
    }
    case 2:
      return byRoot(x, squareMean(x));
    default: {
      const largest = builder.op('reduce_max', [x], { axes, keepDims: true });
      const powers = builder.op('exp', [builder.op('sub', [x, largest], {})], {});
      const sum = builder.op('log', [builder.op('reduce_sum', [powers], { axes, keepDims: true })], {});
      return builder.op('add', [sum, largest], {});
    }
  }
}

export const reduction: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = choice.pick(numbers);
  const x = scene.source(dtype, scene.shape(choice.pick([2, 3, 1, 4])), false);
  const axes = scene.axes(shapeOf(x).length);
  const keepDims = scene.rarely(2);
  const op = choice.pick(['reduce_sum', 'reduce_max', 'reduce_min', 'reduce_prod', 'mean'] as const);
  if (op === 'mean' && (dtype === 'f32' || dtype === 'f64')) return mean(scene, x, axes, keepDims);
  if (op !== 'reduce_prod') return builder.op(op === 'mean' ? 'reduce_sum' : op, [x], { axes, keepDims });
  return builder.op('reduce_prod', [builder.op('sign', [x], {})], { axes, keepDims });
};

export const pool: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = scene.rarely(5) ? choice.pick(numbers) : 'f32';
  const x = scene.source(dtype, [choice.pick([1, 2]), scene.size(17), scene.size(), scene.size(17)], false);
  const channels = choice.pick(['first', 'last'] as const);
  const padded = choice.next(2) === 1 ? padPlaces(scene, x, channels) : x;
  const isPlace = (axis: number): boolean => (channels === 'first' ? axis >= 2 : axis === 1 || axis === 2);
  const dilations = shapeOf(padded).map((_, axis) => (isPlace(axis) && scene.rarely(4) ? 2 : 1));
  const window = shapeOf(padded).map((dim, axis) => {
    const most = Math.floor((dim - 1) / (dilations[axis] as number)) + 1;
    return isPlace(axis) ? Math.min(choice.pick([2, 3, 1, 5]), most) : 1;
  });
  const strides = window.map((_, axis) => (isPlace(axis) ? choice.pick([1, 2, 3]) : 1));
  return builder.op(choice.pick(['window_max', 'window_sum'] as const), [padded], { window, strides, dilations });
};

export const search: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = choice.pick(numbers);
  const x = scene.source(dtype, scene.shape(choice.pick([2, 3, 1]), 600), false);
  const axis = choice.next(shapeOf(x).length);
  const flag = (): boolean => scene.rarely(2);
  switch (choice.next(4)) {
    case 0:
      return builder.op(choice.pick(['argmax', 'argmin'] as const), [x], {
        axis,
        keepDims: flag(),
        selectLast: flag(),
      });
    case 1: {
      const k = Math.min(scene.size(9), shapeOf(x)[axis] as number);
      const [values, places] = builder.ops('topk', [x], { axis, k, largest: flag() }) as [Value, Value];
      scene.output(places);
      return values;
    }
    case 2:
      return builder.op('cumsum', [x], { axis, exclusive: flag(), reverse: flag() });
    default:
      return builder.op('cumprod', [builder.op('sign', [x], {})], { axis, exclusive: flag(), reverse: flag() });
  }
};

export const gather: Head = (scene) => {
  const { builder, choice } = scene;
  const x = scene.source(choice.pick(numbers), scene.shape(choice.pick([2, 3, 1]), 1500));
  const shape = shapeOf(x);
  const axis = choice.next(shape.length);
  switch (choice.next(3)) {
    case 0:
      return builder.op('gather', [x, scene.indices(scene.shape(choice.next(3), 20), shape[axis] as number)], { axis });
    case 1: {
      const chosen = shape.map((dim, i) => (i === axis ? scene.size(9) : dim));
      return builder.op('gather_elements', [x, scene.indices(chosen, shape[axis] as number)], { axis });
    }
    default: {
      const batchDims = choice.next(shape.length);
      const depth = 1 + choice.next(shape.length - batchDims);
      const least = Math.min(...shape.slice(batchDims, batchDims + depth));
      const rest = scene.shape(choice.next(3), 20);
      return builder.op('gather_nd', [x, scene.indices([...shape.slice(0, batchDims), ...rest, depth], least)], {
        batchDims,
      });
    }
  }
};

export const scatter: Head = (scene) => {
  const { builder, choice } = scene;
  const dtype = choice.pick(numbers);
  const x = scene.source(dtype, scene.shape(choice.pick([2, 3, 1]), 1500));
  const shape = shapeOf(x);
  const reduction = choice.pick(['none', 'add', 'min', 'max'] as const);
  if (choice.next(2) === 0) {
    const axis = choice.next(shape.length);
    const part = shape.map((dim) => Math.min(dim, scene.size(9)));
    const indices = scene.indices(part, shape[axis] as number);
    return builder.op('scatter_elements', [x, indices, scene.source(dtype, part)], { axis, reduction });
  }
  const depth = 1 + choice.next(shape.length);
  const outer = scene.shape(choice.next(3), 20);
  const indices = scene.indices([...outer, depth], Math.min(...shape.slice(0, depth)));
  return builder.op('scatter_nd', [x, indices, scene.source(dtype, [...outer, ...shape.slice(depth)])], { reduction });
};

/** Nothing but elements: integers of every width, conversions, comparisons. */
export const elements: Head = (scene) => {
  const { builder, choice } = scene;
  const from = choice.pick(numbers);
  const shape = scene.shape(choice.pick([1, 2, 3, 4]));
  const [a, b] = [scene.source(from, shape, false), scene.source(from, shape.slice(choice.next(2)))];
  const isInteger = !from.startsWith('f');
  const general = ['add', 'sub', 'mul', 'max', 'min', 'div'] as const;
  const whole = [...general, 'mod', 'floordiv', 'floormod', 'bitand', 'bitor', 'bitxor', 'shl', 'shr'] as const;
  if (choice.next(3) === 0) return builder.op(choice.pick(['eq', 'lt', 'ge', 'ne', 'le', 'gt'] as const), [a, b], {});
  const op = choice.pick(isInteger ? whole : general);
  const result = builder.op(op, [a, b], {});
  return scene.isExact ? builder.op('cast', [result], { to: choice.pick([...numbers, 'bool' as const]) }) : result;
};

export const movement: Head = (scene) =>
  scene.source(scene.choice.pick(numbers), scene.shape(scene.choice.pick([2, 3, 4, 1, 0]), 2500), false);

export const heads: readonly Head[] = [
  conv,
  conv,
  conv,
  conv,
  matmul,
  matmul,
  matmul,
  attention,
  rows,
  rows,
  reduction,
  reduction,
  pool,
  search,
  gather,
  scatter,
  elements,
  movement,
];

/** Work that the interpreters bear. */
export const isSmall = (value: Value): boolean => elementCount(shapeOf(value)) <= 60_000;
