import { expect, test } from 'vitest';
import { f16FromNumber } from '../../ir/f16.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { findDifference } from './compile-and-run.ts';

/** 1 + 1 + … stops at 2048 where each sum is rounded to f16, of which 4096 is an element as well. */
const ones = (shape: readonly number[]): TensorData => ({
  dtype: 'f16',
  shape,
  data: new Uint16Array(elementCount(shape)).fill(f16FromNumber(1)),
});

type Build = (builder: GraphBuilder, x: Value) => Value;
const sums: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  'a matrix product': [
    [5, 4096],
    (b, x) => b.op('matmul', [x, b.constant(ones([4096, 12]))], { transA: false, transB: false }),
  ],
  'a product of two vectors': [[1, 4096], (b, x) => b.op('matmul', [x, x], { transA: false, transB: true })],
  'a convolution': [
    [1, 1024, 2, 9],
    (b, x) => {
      const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'first' } as const;
      return b.op('conv', [x, b.constant(ones([8, 1024, 2, 2]))], attrs);
    },
  ],
  'a sum of rows': [[3, 4096], (b, x) => b.op('reduce_sum', [x], { axes: [1], keepDims: false })],
  'a sum of columns': [[4096, 9], (b, x) => b.op('reduce_sum', [x], { axes: [0], keepDims: false })],
  'a sum of windows': [
    [64, 64, 5],
    (b, x) => b.op('window_sum', [x], { window: [64, 64, 1], strides: [1, 1, 1], dilations: [1, 1, 1] }),
  ],
  'a running sum': [[2, 4096], (b, x) => b.op('cumsum', [x], { axis: 1, exclusive: false, reverse: false })],
};

test.each(Object.entries(sums))('%s of f16 is rounded once', async (_, [shape, build]) => {
  const builder = new GraphBuilder('half');
  builder.output('y', build(builder, builder.input('x', 'f16', shape)));
  const difference = await findDifference(builder.finish(), { x: ones(shape) }, { rtol: 0, atol: 0 });
  expect(difference).toBeUndefined();
});
