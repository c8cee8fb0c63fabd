import { expect, test } from 'vitest';
import type { DType } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import type { UnaryOp } from '../../ir/scalar.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { findDifference } from './compile-and-run.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** What ordinary code forgets: more than a vector of them, and a remainder. */
const specials = [nan, inf, -inf, 0, -0, 1, -1, 0.5, 2.5, -2.5, 1e-45, -1e-40, 1e38, -3e38, 88.7, -103.9, 7, nan, -7];

/** Special values, each `step` further on than its neighbour, so that rows hold other ones. */
function special(shape: readonly number[], step = 1, dtype: DType = 'f32'): TensorData {
  const data = newArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const value = specials[(i * step) % specials.length] as number;
    data[i] = dtype === 'f16' ? f16FromNumber(value) : value;
  }
  return { dtype, shape, data };
}

/** Mostly ordinary values, so that single special ones are not lost among others. */
const sparse = (shape: readonly number[], every: number): TensorData => {
  const data = Float32Array.from({ length: elementCount(shape) }, (_, i) =>
    i % every === every - 1 ? (specials[Math.floor(i / every) % specials.length] as number) : ((i * 7) % 11) / 4 - 1,
  );
  return { dtype: 'f32', shape, data };
};

/** Compiles a function of tensors; what comes out must be the interpreter's, NaN for NaN and infinity for infinity. */
async function expectSame(
  inputs: readonly TensorData[],
  build: (builder: GraphBuilder, values: readonly Value[]) => readonly Value[],
  tolerance = 1e-5,
): Promise<void> {
  const builder = new GraphBuilder('ieee');
  const values = inputs.map(({ dtype, shape }, i) => builder.input(`x${i}`, dtype, shape));
  build(builder, values).forEach((value, i) => {
    builder.output(`y${i}`, value);
  });
  const named = Object.fromEntries(inputs.map((data, i) => [`x${i}`, data]));
  expect(await findDifference(builder.finish(), named, { rtol: tolerance, atol: tolerance * 1e-3 })).toBeUndefined();
}

const number = (builder: GraphBuilder, value: number, dtype: DType = 'f32'): Value => {
  const data = newArray(dtype, 1);
  data[0] = dtype === 'f16' ? f16FromNumber(value) : value;
  return builder.constant({ dtype, shape: [], data });
};

const exactUnary: readonly UnaryOp[] = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'sqrt', 'isnan'];
const curves: readonly UnaryOp[] = [
  'exp',
  'log',
  'sin',
  'cos',
  'tan',
  'tanh',
  'sigmoid',
  'erf',
  'sinh',
  'cosh',
  'asin',
  'acos',
  'atan',
  'asinh',
  'acosh',
  'atanh',
];

test.each(['f32', 'f64', 'f16'] as const)('exact operators of one operand, in %s', async (dtype) => {
  await expectSame([special([19, 3], 1, dtype)], (b, [x]) => exactUnary.map((op) => b.op(op, [x as Value], {})), 0);
});

test.each(['f32', 'f16'] as const)('curves, in %s', async (dtype) => {
  const small = special([19, 3], 1, dtype);
  await expectSame([small], (b, [x]) => curves.map((op) => b.op(op, [x as Value], {})), dtype === 'f16' ? 2e-3 : 1e-5);
});

test.each(['f32', 'f64', 'f16'] as const)('operators of two operands and comparisons, in %s', async (dtype) => {
  const ops = ['add', 'sub', 'mul', 'div', 'min', 'max', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
  const pairs = [special([19, 19], 1, dtype), special([19, 1], 1, dtype)];
  await expectSame(pairs, (b, [x, y]) => ops.map((op) => b.op(op, [x as Value, y as Value], {})), 0);
});

test('remainders and powers', async () => {
  const ops = ['mod', 'floordiv', 'floormod', 'pow'] as const;
  const pairs = [special([19, 19]), special([19, 1])];
  await expectSame(pairs, (b, [x, y]) => ops.map((op) => b.op(op, [x as Value, y as Value], {})));
});

test.each(['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'bool', 'f16', 'f64'] as const)(
  'conversion to %s',
  async (to) => {
    await expectSame([special([23])], (b, [x]) => [b.op('cast', [x as Value], { to })], 0);
    await expectSame([special([23], 1, 'f64')], (b, [x]) => [b.op('cast', [x as Value], { to })], 0);
  },
);

test('relu, clip, leaky relu and a choice by comparison, in one kernel', async () => {
  await expectSame([special([19, 19]), special([19], 4)], (b, [x, y]) => {
    const sum = b.op('add', [x as Value, y as Value], {});
    const relu = b.op('max', [sum, number(b, 0)], {});
    const clip = b.op('min', [b.op('max', [number(b, -1), sum], {}), number(b, 6)], {});
    const negative = b.op('lt', [sum, number(b, 0)], {});
    const leaky = b.op('select', [negative, b.op('mul', [sum, number(b, 0.1)], {}), sum], {});
    return [relu, clip, leaky, b.op('mul', [sum, b.op('sigmoid', [sum], {})], {})];
  });
});

test.each([
  [[1], [5, 40]],
  [[0], [40, 5]],
  [[1], [7, 19]],
  [
    [0, 1],
    [19, 3],
  ],
] as const)('reductions over axes %j of %j', async (axes, shape) => {
  const ops = ['reduce_sum', 'reduce_max', 'reduce_min', 'reduce_prod'] as const;
  for (const x of [special(shape), sparse(shape, 17), sparse(shape, 50)]) {
    await expectSame([x], (b, [value]) => ops.map((op) => b.op(op, [value as Value], { axes, keepDims: false })));
  }
});

test.each([[[5, 40]], [[3, 19]], [[4, 4]]])('softmax over rows of %j with infinities and NaN', async (shape) => {
  for (const x of [special(shape), sparse(shape, 23), sparse(shape, 7)]) {
    await expectSame([x], (b, [value]) => {
      const reduced = { axes: [1], keepDims: true };
      const shifted = b.op('sub', [value as Value, b.op('reduce_max', [value as Value], reduced)], {});
      const powers = b.op('exp', [shifted], {});
      return [b.op('div', [powers, b.op('reduce_sum', [powers], reduced)], {})];
    });
  }
});

test.each([
  [8, 1],
  [4, 1],
  [5, 5],
  [16, 16],
])('a convolution of %i channels in %i groups', async (channels, groups) => {
  const x = sparse([1, channels, 9, 9], 61);
  const w = sparse([16 - (16 % groups) || groups, channels / groups, 3, 3], 1000);
  await expectSame([x], (b, [value]) => {
    const attrs = { strides: [1, 1], dilations: [1, 1], groups, channels: 'first' } as const;
    const y = b.op('conv', [value as Value, b.constant(w)], attrs);
    return [y, b.op('max', [y, number(b, 0)], {})];
  });
});

test.each([
  [9, 17, 12],
  [1, 33, 16],
  [5, 4, 3],
])('a matrix product of %i × %i × %i', async (m, k, n) => {
  await expectSame([sparse([m, k], 29), sparse([k, n], 31)], (b, [x, w]) => {
    const y = b.op('matmul', [x as Value, w as Value], { transA: false, transB: false });
    return [b.op('min', [y, number(b, 6)], {})];
  });
});

test.each([8, 3])('pooling of %i channels, padded with -infinity', async (channels) => {
  for (const every of [13, 2]) {
    await expectSame([sparse([1, channels, 9, 9], every)], (b, [x]) => {
      const padding = { before: [0, 0, 1, 1], after: [0, 0, 1, 1], mode: 'constant' } as const;
      const padded = b.op('pad', [x as Value, number(b, -inf)], padding);
      const window = { window: [1, 1, 3, 3], strides: [1, 1, 2, 2], dilations: [1, 1, 1, 1] };
      return [b.op('window_max', [padded], window), b.op('window_sum', [x as Value], window)];
    });
  }
});

test('searches that meet NaN and infinities', async () => {
  await expectSame([special([5, 19], 3)], (b, [x]) => {
    const places = (['argmax', 'argmin'] as const).flatMap((op) =>
      [true, false].map((selectLast) => b.op(op, [x as Value], { axis: 1, keepDims: false, selectLast })),
    );
    return [...places, b.op('cumsum', [x as Value], { axis: 1, exclusive: false, reverse: false })];
  });
});

test.each([true, false])('the best of elements with NaN (largest: %s)', async (largest) => {
  await expectSame([special([5, 19], 3)], (b, [x]) => b.ops('topk', [x as Value], { axis: 1, k: 19, largest }));
});
