import type { Value } from '../../ir/graph/graph.ts';
import { elementCount } from '../../ir/tensor-data.ts';
import { normalize, pad } from './kernel-heads.ts';
import { type KernelScene, shapeOf } from './kernel-scene.ts';

/** What follows a kernel and may become part of it. Gives the value itself where it does not apply. */
type Epilogue = (scene: KernelScene, value: Value) => Value;

const isNumber = (value: Value): boolean => value.type.dtype !== 'bool';
const isReal = (value: Value): boolean => value.type.dtype === 'f32';

/** An operand that is repeated along some of the axes, or has fewer of them. */
const bias: Epilogue = (scene, value) => {
  if (!isNumber(value)) return value;
  const { builder, choice } = scene;
  const shape = shapeOf(value);
  const kept = shape.map((dim) => (scene.rarely(2) ? dim : 1));
  const vector = choice.next(2) === 0 ? kept : kept.slice(choice.next(shape.length + 1));
  const other = scene.source(value.type.dtype, vector);
  const op = choice.pick(['add', 'add', 'sub', 'mul', 'max', 'min'] as const);
  return builder.op(op, choice.next(2) === 0 ? [value, other] : [other, value], {});
};

const residual: Epilogue = (scene, value) => {
  if (!isNumber(value)) return value;
  const other = scene.source(value.type.dtype, shapeOf(value), false);
  return scene.builder.op('add', [value, other], {});
};

/** The value is repeated to fill an operand of more elements. */
const spread: Epilogue = (scene, value) => {
  if (!isNumber(value)) return value;
  const shape = shapeOf(value).map((dim) => (dim === 1 ? scene.choice.pick([1, 2, 5]) : dim));
  const wide = scene.rarely(3) && shape.length < 5 ? [scene.choice.pick([2, 3]), ...shape] : shape;
  return scene.builder.op('sub', [value, scene.source(value.type.dtype, wide, false)], {});
};

const activation: Epilogue = (scene, value) => {
  const { builder, choice } = scene;
  if (!isNumber(value)) return builder.op('not', [value], {});
  const clip = (x: Value, low: number, high: number): Value =>
    builder.op('min', [builder.op('max', [x, scene.scalar(x, low)], {}), scene.scalar(x, high)], {});
  const scaled = (x: Value, factor: number): Value => builder.op('mul', [x, scene.scalar(x, factor)], {});
  const kind = choice.next(isReal(value) ? 8 : 3);
  if (kind > 3) scene.roundsDifferently();
  switch (kind) {
    case 0:
      return builder.op('max', [value, scene.scalar(value, 0)], {});
    case 1:
      return clip(value, 0, 6);
    case 2:
      return builder.op('abs', [value], {});
    case 3:
      return builder.op(
        'select',
        [builder.op('lt', [value, scene.scalar(value, 0)], {}), scaled(value, 0.125), value],
        {},
      );
    case 4:
      return builder.op('mul', [value, builder.op('sigmoid', [value], {})], {});
    case 5: {
      const gate = clip(builder.op('add', [value, scene.scalar(value, 3)], {}), 0, 6);
      return builder.op('mul', [value, builder.op('div', [gate, scene.scalar(value, 6)], {})], {});
    }
    case 6: {
      const gate = builder.op('erf', [scaled(value, Math.SQRT1_2)], {});
      return scaled(builder.op('mul', [value, builder.op('add', [gate, scene.scalar(value, 1)], {})], {}), 0.5);
    }
    default:
      return builder.op('tanh', [value], {});
  }
};

/** One more result beside the last. */
const alsoOutput: Epilogue = (scene, value) => {
  scene.output(value);
  return value;
};

const usedTwice: Epilogue = (scene, value) => {
  if (!isNumber(value)) return value;
  const { builder } = scene;
  const limited = builder.op('min', [value, scene.scalar(value, 2)], {});
  return builder.op('sub', [builder.op('max', [value, scene.scalar(value, 1)], {}), limited], {});
};

const throughCast: Epilogue = (scene, value) => {
  const { builder, choice } = scene;
  if (!scene.isExact) {
    // An error that takes a value across the border between two of f16 is as large as their distance.
    const small = isReal(value) ? builder.op('mul', [value, scene.scalar(value, 1 / 64)], {}) : value;
    return isReal(value) ? builder.op('cast', [small], { to: choice.pick(['f16', 'f64'] as const) }) : value;
  }
  return builder.op('cast', [value], {
    to: choice.pick(['f32', 'f32', 'i32', 'i64', 'i8', 'u8', 'f64', 'bool'] as const),
  });
};

const transpose: Epilogue = (scene, value) => {
  const perm = shapeOf(value).map((_, axis) => axis);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = scene.choice.next(i + 1);
    [perm[i], perm[j]] = [perm[j] as number, perm[i] as number];
  }
  return scene.builder.op('transpose', [value], { perm });
};

const reshape: Epilogue = (scene, value) => {
  const shape = shapeOf(value);
  const at = scene.choice.next(shape.length);
  const dim = shape[at] ?? 1;
  const factor = [2, 3, 4].find((each) => dim % each === 0 && dim > each) ?? 1;
  switch (scene.choice.next(3)) {
    case 0:
      return scene.builder.op('reshape', [value], { shape: shape.toSpliced(at, 1, factor, dim / factor) });
    case 1:
      return scene.builder.op('reshape', [value], { shape: [elementCount(shape)] });
    default: {
      const merged = at + 1 < shape.length ? shape.toSpliced(at, 2, dim * (shape[at + 1] as number)) : [...shape, 1];
      return scene.builder.op('reshape', [value], { shape: merged });
    }
  }
};

const slice: Epilogue = (scene, value) => {
  const parts = shapeOf(value).map((dim) => {
    const step = scene.choice.pick([1, 1, 1, 2, -1]);
    const start = step < 0 ? dim - 1 : Math.min(scene.choice.next(3), dim - 1);
    const room = step < 0 ? dim : Math.ceil((dim - start) / step);
    return { start, step, size: Math.max(1, room - scene.choice.next(2)) };
  });
  return scene.builder.op('slice', [value], {
    starts: parts.map(({ start }) => start),
    sizes: parts.map(({ size }) => size),
    steps: parts.map(({ step }) => step),
  });
};

const concat: Epilogue = (scene, value) => {
  const shape = shapeOf(value);
  if (shape.length === 0) return value;
  const axis = scene.choice.next(shape.length);
  const other = scene.source(value.type.dtype, shape.toSpliced(axis, 1, scene.size(9)));
  const pieces = scene.choice.pick([
    [value, other],
    [other, value],
    [value, other, value],
  ]);
  return scene.builder.op('concat', pieces, { axis });
};

const border: Epilogue = (scene, value) => (isNumber(value) ? pad(scene, value, () => scene.rarely(2)) : value);

/** A reduction of the kernel's result, as of attention's scores, or of an activation by global pooling. */
const reduced: Epilogue = (scene, value) => {
  const rank = shapeOf(value).length;
  if (rank === 0 || !isNumber(value)) return value;
  const op = scene.choice.pick(['reduce_sum', 'reduce_max', 'reduce_min'] as const);
  return scene.builder.op(op, [value], { axes: scene.axes(rank), keepDims: scene.rarely(2) });
};

const normalized: Epilogue = (scene, value) => {
  const rank = shapeOf(value).length;
  if (rank === 0 || !isReal(value)) return value;
  // Sums of hundreds of products would leave nothing but the largest.
  const small = scene.builder.op('mul', [value, scene.scalar(value, 1 / 64)], {});
  return normalize(scene, small, scene.rarely(3) ? scene.axes(rank) : [rank - 1]);
};

const projected: Epilogue = (scene, value) => {
  const shape = shapeOf(value);
  if (shape.length < 2 || !isReal(value)) return value;
  scene.roundsDifferently();
  const small = scene.builder.op('mul', [value, scene.scalar(value, 1 / 64)], {});
  const weights = scene.source('f32', [shape.at(-1) as number, scene.size()]);
  return scene.builder.op('matmul', [small, weights], { transA: false, transB: false });
};

export const epilogues: readonly Epilogue[] = [
  bias,
  bias,
  activation,
  activation,
  residual,
  spread,
  alsoOutput,
  usedTwice,
  throughCast,
  transpose,
  reshape,
  slice,
  concat,
  border,
  reduced,
  normalized,
  projected,
];
