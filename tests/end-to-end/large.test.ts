import { expect, test } from 'vitest';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { randomNumbers } from '../generators/random.ts';
import { randomTensor } from '../generators/tensor-inputs.ts';
import { findDifference } from './compile-and-run.ts';

/** Sizes at which schedules walk their operands in other orders: weights beyond the caches, many rows, long reductions. */

type Build = (builder: GraphBuilder, x: Value, weights: (...shape: readonly number[]) => Value) => Value;
interface Kernel {
  readonly x: readonly number[];
  readonly build: Build;
}

const scaled = (b: GraphBuilder, x: Value, factor: number): Value =>
  b.op('mul', [x, b.constant({ dtype: 'f32', shape: [], data: Float32Array.of(factor) })], {});

const product = (m: number, k: number, n: number, transB = false): Kernel => ({
  x: [m, k],
  build: (b, x, weights) => {
    const y = b.op('matmul', [x, transB ? weights(n, k) : weights(k, n)], { transA: false, transB });
    return b.op('max', [b.op('add', [y, weights(n)], {}), scaled(b, weights(n), 0)], {});
  },
});

interface ConvSizes {
  readonly x: readonly [batch: number, channels: number, height: number, width: number];
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

const conv = ({ x: shape, outputs, kernel, stride = 1, groups = 1 }: ConvSizes): Kernel => ({
  x: shape,
  build: (b, x, weights) => {
    const border = [0, 0, (kernel - 1) >> 1, (kernel - 1) >> 1];
    const zero = b.constant({ dtype: 'f32', shape: [], data: Float32Array.of(0) });
    const padded = b.op('pad', [x, zero], { before: border, after: border, mode: 'constant' });
    const w = weights(outputs, shape[1] / groups, kernel, kernel);
    const attrs = { strides: [stride, stride], dilations: [1, 1], groups, channels: 'first' } as const;
    const y = b.op('conv', [padded, w], attrs);
    const biased = b.op('add', [y, weights(outputs, 1, 1)], {});
    return b.op('mul', [biased, b.op('sigmoid', [scaled(b, biased, 1 / 64)], {})], {});
  },
});

const softmax = (rows: number, columns: number): Kernel => ({
  x: [rows, columns],
  build: (b, x) => {
    const reduced = { axes: [1], keepDims: true };
    const powers = b.op('exp', [b.op('sub', [x, b.op('reduce_max', [x], reduced)], {})], {});
    return b.op('div', [powers, b.op('reduce_sum', [powers], reduced)], {});
  },
});

const attention = (heads: number, rows: number, size: number): Kernel => ({
  x: [heads, rows, size],
  build: (b, x, weights) => {
    const scores = b.op('matmul', [x, weights(heads, rows, size)], { transA: false, transB: true });
    const reduced = { axes: [2], keepDims: true };
    const shifted = b.op('sub', [scores, b.op('reduce_max', [scores], reduced)], {});
    const powers = b.op('exp', [scaled(b, shifted, 1 / 16)], {});
    const shares = b.op('div', [powers, b.op('reduce_sum', [powers], reduced)], {});
    return b.op('matmul', [shares, x], { transA: false, transB: false });
  },
});

const kernels: Readonly<Record<string, Kernel>> = {
  'a product with weights beyond the second cache': product(67, 300, 515),
  'a product with transposed weights': product(67, 300, 515, true),
  'a product of one row': product(1, 1030, 401),
  'a product of many rows': product(3001, 33, 21),
  'a product of few columns': product(203, 301, 3),
  'a pointwise convolution of many channels': conv({ x: [1, 130, 13, 13], outputs: 515, kernel: 1 }),
  'a pointwise convolution of many places': conv({ x: [1, 19, 61, 53], outputs: 24, kernel: 1 }),
  'a convolution of many channels': conv({ x: [1, 129, 7, 7], outputs: 130, kernel: 3 }),
  'a convolution of many places': conv({ x: [2, 17, 41, 37], outputs: 20, kernel: 3 }),
  'the first convolution of a network': conv({ x: [1, 3, 97, 131], outputs: 16, kernel: 3, stride: 2 }),
  'a depthwise convolution': conv({ x: [1, 97, 43, 57], outputs: 97, kernel: 5, groups: 97 }),
  'a depthwise convolution in steps': conv({ x: [1, 96, 43, 57], outputs: 96, kernel: 3, stride: 2, groups: 96 }),
  'a convolution in groups': conv({ x: [1, 96, 20, 20], outputs: 64, kernel: 3, groups: 4 }),
  'softmax of long rows': softmax(37, 1003),
  'softmax of a whole vocabulary': softmax(2, 6625),
  attention: attention(3, 131, 24),
};

test.each(Object.entries(kernels))('%s', async (_, { x: shape, build }) => {
  const [builder, random] = [new GraphBuilder('large'), randomNumbers(1)];
  const weights = (...dims: readonly number[]): Value => builder.constant(randomTensor('f32', dims, random));
  builder.output('y', build(builder, builder.input('x', 'f32', shape), weights));
  const x = randomTensor('f32', shape, random);
  expect(await findDifference(builder.finish(), { x }, { rtol: 1e-4, atol: 1e-4 })).toBeUndefined();
});
