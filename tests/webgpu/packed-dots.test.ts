import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import { load } from '../../runtime/load.ts';
import type { GpuFeature } from '../../runtime/webgpu/api.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import { randomNumbers } from '../generators/random.ts';
import { softwareAdapter, validatingDevice } from './dawn.ts';
import { runOnGpu } from './run-program.ts';
import { validateShaders } from './validate.ts';

const feature = 'packed_4x8_integer_dot_product';
const adapter = await softwareAdapter();
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

type Byte = 'i8' | 'u8';

/** Bytes, a third of them the least or the greatest. */
function bytes(dtype: Byte, shape: readonly number[], seed: number): TensorData {
  const random = randomNumbers(seed);
  const data = newArray(dtype, elementCount(shape));
  const [least, greatest] = dtype === 'i8' ? [-128, 127] : [0, 255];
  for (let i = 0; i < data.length; i++) {
    const kind = random();
    data[i] = kind < 0.15 ? least : kind < 0.3 ? greatest : Math.floor(least + random() * 256);
  }
  return { dtype, shape, data };
}

interface Case {
  readonly op: 'matmul' | 'conv';
  /** `centred`: u8 less 128. */
  readonly left: Byte | 'centred';
  readonly right: Byte;
  readonly isConstant: boolean;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

const inputOf = ({ op, left, rows, depth }: Case): readonly [Byte, readonly number[]] => [
  left === 'centred' ? 'u8' : left,
  op === 'matmul' ? [rows, depth] : [1, rows, 5, depth],
];

function weightsOf({ op, right, depth, columns }: Case): TensorData {
  return bytes(right, op === 'matmul' ? [depth, columns] : [columns, depth, 3, 3], 5);
}

function graphOf(one: Case): Graph {
  const graph = new GraphBuilder('products');
  const widened = (value: Value): Value => graph.op('cast', [value], { to: 'i32' });
  const x = widened(graph.input('x', ...inputOf(one)));
  const offset = graph.constant({ dtype: 'i32', shape: [], data: Int32Array.of(128) });
  const left = one.left === 'centred' ? graph.op('sub', [x, offset], {}) : x;
  const weights = weightsOf(one);
  const right = widened(one.isConstant ? graph.constant(weights) : graph.input('w', one.right, weights.shape));
  const result =
    one.op === 'matmul'
      ? graph.op('matmul', [left, right], { transA: false, transB: false })
      : graph.op('conv', [left, right], { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' });
  graph.output('y', result);
  return graph.finish();
}

const arbitraryCase: fc.Arbitrary<Case> = fc.record({
  op: fc.constantFrom('matmul', 'matmul', 'conv'),
  left: fc.constantFrom('i8', 'u8', 'centred'),
  right: fc.constantFrom('i8', 'u8'),
  isConstant: fc.boolean(),
  rows: fc.integer({ min: 3, max: 40 }),
  depth: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(32, 64)),
  columns: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(32, 64)),
});

/** Enough rows that a tile has several, and what is packed is worth it. */
const large: Case = { op: 'matmul', left: 'u8', right: 'i8', isConstant: true, rows: 64, depth: 64, columns: 512 };

const factorKinds: readonly Pick<Case, 'left' | 'right'>[] = [
  { left: 'i8', right: 'i8' },
  { left: 'u8', right: 'u8' },
  { left: 'u8', right: 'i8' },
  { left: 'i8', right: 'u8' },
  { left: 'centred', right: 'i8' },
];

test.each(factorKinds)('products of $left and $right are dots of words in a text of its own', async (factors) => {
  const { files } = await compile(graphOf({ ...large, ...factors }), { targets: ['webgpu'] });
  const text = new TextDecoder().decode(files['kernels.dot4.wgsl']);
  expect(text).toMatch(/^requires packed_4x8_integer_dot_product;/);
  expect(text).toMatch(factors.left === 'u8' && factors.right === 'u8' ? 'dot4U8Packed' : 'dot4I8Packed');
  expect(text).not.toMatch(/\.x\) \* /);
  expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
});

test('what the language has is used only where it is asked for', async () => {
  const { files } = await compile(graphOf(large), { targets: ['webgpu'] });
  const gpu = await validatingDevice();
  const featuresWith = async (features?: readonly GpuFeature[]) => {
    const model = await load(files, { device: webgpu({ device: gpu, ...(features && { features }) }) });
    return model.info().gpu.features;
  };
  expect(await featuresWith()).toEqual([]);
  expect(await featuresWith([feature])).toEqual([feature]);
});

test('a row alone is not worth that its columns are packed', async () => {
  const { files } = await compile(graphOf({ ...large, rows: 1 }), { targets: ['webgpu'] });
  expect(Object.keys(files)).not.toContain('kernels.dot4.wgsl');
});

describe.skipIf(device === undefined)(`on a device${why}`, () => {
  const check = async (one: Case, seed: number): Promise<void> => {
    const graph = graphOf(one);
    const inputs = {
      x: bytes(...inputOf(one), seed),
      ...(!one.isConstant && { w: weightsOf(one) }),
    };
    const { y } = await runOnGpu(device as GPUDevice, graph, inputs, ['webgpu'], [feature]);
    expect(y?.data, printGraph(graph)).toEqual(interpretGraph(graph, inputs)['y']?.data);
  };

  test('products of bytes are exact', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryCase, fc.nat(), (one, seed) => check(one, seed)),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 15) },
    );
  });

  test.each(factorKinds)('large ones of $left and $right are', { timeout: 120_000 }, (factors) =>
    check({ ...large, ...factors }, 1),
  );
});
