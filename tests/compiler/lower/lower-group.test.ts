import { describe, expect, test } from 'vitest';
import { lowerGroup } from '../../../compiler/lower/lower-group.ts';
import type { DType } from '../../../ir/dtype.ts';
import { isBigInt, isFloat } from '../../../ir/dtype.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, NodeOf, Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { elementCount, newArray, type TensorData } from '../../../ir/tensor-data.ts';

const group = (graph: Graph): NodeOf<'fused'> => ({
  op: 'fused',
  name: graph.name,
  inputs: graph.inputs.map((input) => input.name),
  attrs: { body: graph },
  outputs: graph.outputs.map((output) => {
    const value = [...graph.inputs, ...graph.nodes.flatMap((node): readonly Value[] => node.outputs)].find(
      (v) => v.name === output.value,
    );
    return value as Value;
  }),
});

/** Small values of every sign, deterministic. */
function sample(dtype: DType, shape: readonly number[], seed: number, limit?: number): TensorData {
  const data = newArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const hash = ((i + 1) * 2654435761 + seed * 40503) >>> 0;
    const integer = limit === undefined ? (hash % 17) - 8 : hash % limit;
    data[i] = isBigInt(dtype) ? BigInt(integer) : isFloat(dtype) ? integer / 4 : dtype === 'bool' ? hash & 1 : integer;
  }
  return { dtype, shape, data };
}

type Build = (b: GraphBuilder) => Value | readonly Value[];
interface Case {
  readonly name: string;
  readonly build: Build;
  /** Inputs that are indices: below this limit. */
  readonly limits?: Readonly<Record<string, number>>;
}

const f32 = (b: GraphBuilder, name: string, ...shape: number[]): Value => b.input(name, 'f32', shape);

const cases: readonly Case[] = [
  { name: 'add with broadcasting', build: (b) => b.op('add', [f32(b, 'x', 2, 3, 4), f32(b, 'y', 3, 1)], {}) },
  {
    name: 'an elementwise chain',
    build: (b) =>
      b.op(
        'max',
        [
          b.op('mul', [f32(b, 'x', 2, 6), f32(b, 'y', 6)], {}),
          b.constant({ dtype: 'f32', shape: [], data: new Float32Array([0]) }),
        ],
        {},
      ),
  },
  {
    name: 'select and cast',
    build: (b) =>
      b.op('select', [b.op('cast', [b.input('c', 'i32', [4])], { to: 'bool' }), f32(b, 'x', 3, 4), f32(b, 'y', 1)], {}),
  },
  { name: 'reshape', build: (b) => b.op('reshape', [f32(b, 'x', 2, 3, 4)], { shape: [4, 6] }) },
  { name: 'transpose', build: (b) => b.op('transpose', [f32(b, 'x', 2, 3, 4)], { perm: [2, 0, 1] }) },
  {
    name: 'slice backwards',
    build: (b) => b.op('slice', [f32(b, 'x', 5, 6)], { starts: [4, 1], sizes: [2, 3], steps: [-2, 2] }),
  },
  { name: 'concat', build: (b) => b.op('concat', [f32(b, 'x', 2, 1, 3), f32(b, 'y', 2, 2, 3)], { axis: 1 }) },
  ...(['constant', 'edge', 'reflect', 'wrap'] as const).map((mode) => ({
    name: `pad ${mode}`,
    build: (b: GraphBuilder) =>
      b.op('pad', [f32(b, 'x', 1, 4, 5), ...(mode === 'constant' ? [f32(b, 'v')] : [])], {
        before: [0, 1, 2],
        after: [0, 2, 1],
        mode,
      }),
  })),
  {
    name: 'a concat that is given and padded',
    build: (b) => {
      const joined = b.op('concat', [f32(b, 'x', 2, 3), f32(b, 'y', 2, 4)], { axis: 1 });
      return [joined, b.op('pad', [joined, f32(b, 'v')], { before: [1, 2], after: [1, 0], mode: 'constant' })];
    },
  },
  {
    name: 'gather',
    build: (b) => b.op('gather', [f32(b, 'x', 3, 5, 2), b.input('i', 'i64', [2, 2])], { axis: 1 }),
    limits: { i: 5 },
  },
  {
    name: 'gather_elements',
    build: (b) => b.op('gather_elements', [f32(b, 'x', 3, 5), b.input('i', 'i32', [3, 2])], { axis: 1 }),
    limits: { i: 5 },
  },
  {
    name: 'gather_nd',
    build: (b) => b.op('gather_nd', [f32(b, 'x', 2, 3, 4), b.input('i', 'i64', [2, 5, 1])], { batchDims: 1 }),
    limits: { i: 3 },
  },
  {
    name: 'scatter_elements',
    build: (b) =>
      b.op('scatter_elements', [f32(b, 'x', 4, 3), b.input('i', 'i64', [2, 3]), f32(b, 'u', 2, 3)], {
        axis: 0,
        reduction: 'add',
      }),
    limits: { i: 4 },
  },
  {
    name: 'scatter_nd',
    build: (b) =>
      b.op('scatter_nd', [f32(b, 'x', 4, 3), b.input('i', 'i64', [2, 1]), f32(b, 'u', 2, 3)], { reduction: 'max' }),
    limits: { i: 4 },
  },
  { name: 'iota', build: (b) => b.op('iota', [], { shape: [2, 3], axis: 1, dtype: 'i64' }) },
  ...(['reduce_sum', 'reduce_prod', 'reduce_max', 'reduce_min'] as const).map((op) => ({
    name: op,
    build: (b: GraphBuilder) => b.op(op, [f32(b, 'x', 2, 3, 4)], { axes: [0, 2], keepDims: op === 'reduce_max' }),
  })),
  { name: 'softmax', build: (b) => softmax(b, f32(b, 'x', 2, 3, 8)) },
  ...(['argmax', 'argmin'] as const).flatMap((op) =>
    [false, true].map((selectLast) => ({
      name: `${op} ${selectLast ? 'last' : 'first'}`,
      build: (b: GraphBuilder) => b.op(op, [b.input('x', 'i32', [3, 9])], { axis: 1, keepDims: false, selectLast }),
    })),
  ),
  ...(['cumsum', 'cumprod'] as const).flatMap((op) =>
    [false, true].map((flag) => ({
      name: `${op} ${flag ? 'exclusive and reversed' : 'plain'}`,
      build: (b: GraphBuilder) => b.op(op, [f32(b, 'x', 2, 4, 2)], { axis: 1, exclusive: flag, reverse: flag }),
    })),
  ),
  {
    name: 'window_max',
    build: (b) =>
      b.op('window_max', [f32(b, 'x', 1, 6, 7, 2)], {
        window: [1, 2, 3, 1],
        strides: [1, 2, 1, 1],
        dilations: [1, 1, 2, 1],
      }),
  },
  {
    name: 'window_sum',
    build: (b) => b.op('window_sum', [f32(b, 'x', 2, 6)], { window: [1, 3], strides: [1, 1], dilations: [1, 1] }),
  },
  {
    name: 'matmul',
    build: (b) => b.op('matmul', [f32(b, 'x', 3, 4), f32(b, 'y', 4, 5)], { transA: false, transB: false }),
  },
  {
    name: 'matmul with a plain matrix',
    build: (b) =>
      b.op(
        'add',
        [b.op('matmul', [f32(b, 'x', 2, 3, 4), f32(b, 'y', 5, 4)], { transA: false, transB: true }), f32(b, 'bias', 5)],
        {},
      ),
  },
  {
    name: 'batched matmul',
    build: (b) => b.op('matmul', [f32(b, 'x', 2, 1, 4, 3), f32(b, 'y', 3, 4, 2)], { transA: true, transB: false }),
  },
  ...(['first', 'last'] as const).flatMap((channels) =>
    [1, 2, 4].map((groups) => ({
      name: `conv channels ${channels}, ${groups} groups`,
      build: (b: GraphBuilder) =>
        b.op(
          'conv',
          [channels === 'first' ? f32(b, 'x', 2, 4, 5, 6) : f32(b, 'x', 2, 5, 6, 4), f32(b, 'w', 8, 4 / groups, 2, 3)],
          {
            strides: [2, 1],
            dilations: [1, 2],
            groups,
            channels,
          },
        ),
    })),
  ),
  { name: 'topk', build: (b) => b.ops('topk', [f32(b, 'x', 3, 7)], { axis: 1, k: 3, largest: true }) },
  {
    name: 'topk of the smallest along an outer axis',
    build: (b) => b.ops('topk', [b.input('x', 'i32', [5, 2])], { axis: 0, k: 5, largest: false }),
  },
];

function softmax(b: GraphBuilder, x: Value): Value {
  const attrs = { axes: [2], keepDims: true };
  const e = b.op('exp', [b.op('sub', [x, b.op('reduce_max', [x], attrs)], {})], {});
  return b.op('div', [e, b.op('reduce_sum', [e], attrs)], {});
}

describe('a lowered group computes what its graph means', () => {
  test.each(cases)('$name', ({ build, limits }) => {
    const builder = new GraphBuilder('group');
    const built = build(builder);
    const results = 'name' in built ? [built] : built;
    results.forEach((result, i) => {
      builder.output(`y${i}`, result);
    });
    const graph = builder.finish();
    const func = lowerGroup(group(graph));
    verifyFunc(func);
    const inputs = graph.inputs.map(({ name, type }, i) =>
      sample(type.dtype, type.shape as number[], i, limits?.[name]),
    );
    const expected = interpretGraph(
      graph,
      Object.fromEntries(graph.inputs.map(({ name }, i) => [name, inputs[i] as TensorData])),
    );
    const shaped = inputs.map((input, i) => ({ ...input, shape: func.inputs[i]?.shape as number[] }));
    const actual = interpretFunc(func, shaped);
    actual.forEach((output, i) => {
      const reference = expected[`y${i}`] as TensorData;
      expect(output.data.length).toBe(reference.data.length);
      for (let k = 0; k < output.data.length; k++)
        expect(Number(output.data[k])).toBeCloseTo(Number(reference.data[k]), 4);
    });
  });
});
