import { expect, test } from 'vitest';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { randomNumbers } from '../generators/random.ts';
import { randomTensor } from '../generators/tensor-inputs.ts';
import { findDifference } from './compile-and-run.ts';

/** Graphs at the border of what a graph is. Gives the outputs. */
type Build = (builder: GraphBuilder, x: Value) => readonly Value[];

const f32 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});

const relu = (b: GraphBuilder, x: Value): Value => b.op('max', [x, b.constant(f32([], [0]))], {});

const matmul = (b: GraphBuilder, x: Value, y: Value): Value => b.op('matmul', [x, y], { transA: false, transB: false });

const cases: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  'an input that is the output': [[3, 5], (_, x) => [x]],
  'an input, its reshape, and a result of both': [
    [3, 5],
    (b, x) => {
      const flat = b.op('reshape', [x], { shape: [15] });
      return [x, flat, relu(b, flat)];
    },
  ],
  'a chain of reshapes': [
    [3, 4],
    (b, x) => [b.op('reshape', [b.op('reshape', [relu(b, x)], { shape: [12] })], { shape: [2, 6] })],
  ],
  'one value under two names': [
    [7],
    (b, x) => {
      const y = relu(b, x);
      return [y, y];
    },
  ],
  'a constant that is the output': [[2], (b) => [b.constant(f32([2, 2], [1, 2, 3, 4]))]],
  'a reshaped constant': [[2], (b) => [b.op('reshape', [b.constant(f32([4], [1, 2, 3, 4]))], { shape: [2, 2] })]],
  'what constants alone decide': [[2], (b, x) => [relu(b, b.constant(f32([3], [1, -2, 3]))), x]],
  'a scalar': [[], (b, x) => [relu(b, x), b.op('reshape', [x], { shape: [1, 1] })]],
  'a scalar repeated': [[], (b, x) => [b.op('broadcast_to', [x], { shape: [3, 7] })]],
  'everything summed to a scalar': [[5, 9], (b, x) => [b.op('reduce_sum', [x], { axes: [0, 1], keepDims: false })]],
  'no axis summed': [[5, 9], (b, x) => [b.op('reduce_sum', [x], { axes: [], keepDims: false })]],
  'an intermediate that is read late': [
    [4, 4],
    (b, x) => {
      const early = relu(b, x);
      const late = [1, 2, 3].reduce((value) => matmul(b, value, x), early);
      return [b.op('add', [late, early], {})];
    },
  ],
  'nothing of an empty tensor': [[0, 5], (b, x) => [relu(b, x)]],
  'sums over nothing': [
    [0, 5],
    (b, x) => [
      b.op('reduce_sum', [x], { axes: [0], keepDims: true }),
      b.op('reduce_max', [x], { axes: [0], keepDims: false }),
      b.op('reduce_prod', [x], { axes: [0, 1], keepDims: false }),
    ],
  ],
  'a product over nothing': [[3, 0], (b, x) => [matmul(b, x, b.constant(f32([0, 4], [])))]],
  'a product without rows': [[0, 3], (b, x) => [matmul(b, x, b.constant(f32([3, 4], Array(12).fill(1))))]],
  'nothing beside something': [[2, 3], (b, x) => [b.op('concat', [x, b.constant(f32([2, 0], []))], { axis: 1 })]],
  'none of it': [[4, 3], (b, x) => [b.op('slice', [x], { starts: [1, 0], sizes: [0, 3], steps: [1, 1] }), relu(b, x)]],
  'a border around nothing': [
    [0, 2],
    (b, x) => [b.op('pad', [x, b.constant(f32([], [7]))], { before: [1, 0], after: [2, 1], mode: 'constant' })],
  ],
};

function graphOf(shape: readonly number[], build: Build): Graph {
  const builder = new GraphBuilder('edge');
  build(builder, builder.input('x', 'f32', shape)).forEach((value, i) => {
    builder.output(`y${i}`, value);
  });
  return builder.finish();
}

test.each(Object.entries(cases))('%s', async (_, [shape, build]) => {
  const x = randomTensor('f32', shape, randomNumbers(3));
  expect(await findDifference(graphOf(shape, build), { x }, { rtol: 0, atol: 0 })).toBeUndefined();
});

test('an input that nothing reads', async () => {
  const builder = new GraphBuilder('unused');
  const [x, y] = [builder.input('x', 'f32', [3]), builder.input('y', 'i64', [2])];
  builder.output('z', relu(builder, x));
  const inputs = { x: f32([3], [1, -1, 2]), y: { dtype: 'i64', shape: [2], data: new BigInt64Array(2) } } as const;
  expect(y.type.shape).toEqual([2]);
  expect(await findDifference(builder.finish(), inputs, { rtol: 0, atol: 0 })).toBeUndefined();
});
