import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { operandOf } from '../../../compiler/hoist-constants.ts';
import { randomTensor } from '../../../compiler/io/random-inputs.ts';
import { buildKernel } from '../../../compiler/kernels.ts';
import { workloadOf } from '../../../compiler/lower/workload.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, NodeOf } from '../../../ir/graph/graph.ts';
import { randomSource } from '../../../ir/random.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { runPhases } from '../codegen/run-phases.ts';

interface ConvCase {
  readonly batch: number;
  readonly places: readonly [number, number];
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** What follows the convolution. */
  readonly epilogue: 'none' | 'bias' | 'residual' | 'halo';
}

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

const anyConv: fc.Arbitrary<ConvCase> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  places: pair(7),
  inputs: fc.integer({ min: 1, max: 9 }),
  outputs: fc.integer({ min: 1, max: 18 }),
  kernel: pair(3),
  strides: pair(2),
  dilations: pair(2),
  epilogue: fc.constantFrom('none', 'bias', 'residual', 'halo'),
});

/** One that has tiles, whole and cut off, blocks of them, and panels of channels. */
const winogradConv: fc.Arbitrary<ConvCase> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  places: fc.tuple(fc.integer({ min: 2, max: 14 }), fc.integer({ min: 2, max: 14 })),
  inputs: fc.integer({ min: 4, max: 9 }),
  outputs: fc.integer({ min: 4, max: 18 }),
  kernel: fc.constant([3, 3] as const),
  strides: fc.constant([1, 1] as const),
  dilations: fc.constant([1, 1] as const),
  epilogue: fc.constantFrom('none', 'bias', 'residual', 'halo'),
});

const arbitraryConv = fc.oneof(anyConv, winogradConv);

/** A convolution with channels last as it is after fusion. */
function convGroup({ batch, places, inputs, outputs, kernel, strides, dilations, epilogue }: ConvCase): Graph {
  const next = randomSource(1);
  const b = new GraphBuilder('conv');
  const extents = places.map((place, i) => {
    const [stride, dilation, size] = [strides[i] ?? 1, dilations[i] ?? 1, kernel[i] ?? 1];
    return (place - 1) * stride + (size - 1) * dilation + 1;
  });
  const x = b.input('x', 'f32', [batch, ...extents, inputs]);
  const w = b.constant(randomTensor({ dtype: 'f32', shape: [outputs, inputs, ...kernel] }, next), 'w');
  const product = b.op('conv', [x, w], { strides, dilations, groups: 1, channels: 'last' });
  if (epilogue === 'none') b.output('y', product);
  if (epilogue === 'bias') {
    const bias = b.constant(randomTensor({ dtype: 'f32', shape: [outputs] }, next), 'bias');
    b.output('y', b.op('add', [product, bias], {}));
  }
  if (epilogue === 'halo') {
    const zero = b.constant({ dtype: 'f32', shape: [], data: new Float32Array(1) }, 'zero');
    const padding = { before: [0, 1, 1, 0], after: [0, 1, 2, 0], mode: 'constant' } as const;
    b.output('y', b.op('pad', [b.op('tanh', [product], {}), zero], padding));
  }
  if (epilogue === 'residual') {
    const residual = b.input('residual', 'f32', [batch, ...places, outputs]);
    b.output('y', b.op('tanh', [b.op('add', [product, residual], {})], {}));
  }
  return optimizeGraph(b.finish());
}

test('every definition of a convolution means the same, and so do its kernels', { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(arbitraryConv, fc.nat(), async (conv, seed) => {
      const graph = convGroup(conv);
      const node = graph.nodes.find(
        (candidate): candidate is NodeOf<'fused'> =>
          candidate.op === 'fused' && candidate.attrs.body.nodes.some(({ op }) => op === 'conv'),
      );
      if (node === undefined) return;
      const constants = new Map(graph.constants.map(({ name, data }) => [name, data]));
      const next = randomSource(seed);
      const types = node.attrs.body.inputs.map(({ type }) => ({ ...type, shape: type.shape as readonly number[] }));
      const inputs = node.inputs.map((name, i) => constants.get(name) ?? randomTensor(types[i] as TensorData, next));
      await expectDefinitions(node, inputs, constants, (name) => seen.add(name));
    }),
    { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 60) },
  );
  expect([...seen].sort()).toEqual(['direct', 'implicit-gemm', 'winograd-2x2', 'winograd-4x4']);
});

/** By which a definition may differ from the direct one, where it does not add up the same products. */
const tolerances: Readonly<Record<string, number>> = { 'winograd-2x2': 2e-5, 'winograd-4x4': 1e-4 };

async function expectDefinitions(
  node: NodeOf<'fused'>,
  inputs: readonly TensorData[],
  constants: ReadonlyMap<string, TensorData>,
  see: (name: string) => void,
): Promise<void> {
  const workload = workloadOf(node, (input) => constants.has(input));
  let expected: TensorData | undefined;
  for (const { name, func } of workload.definitions) {
    see(name);
    verifyFunc(func);
    const shaped = inputs.map((input, i) => ({ ...input, shape: func.inputs[i]?.shape as readonly number[] }));
    const [meaning] = interpretFunc(func, shaped);
    expected ??= meaning;
    const tolerance = tolerances[name] ?? 1e-5;
    expect(distance(meaning, expected)).toBeLessThan(tolerance);
    const fixed = new Set(func.inputs.filter((_, i) => constants.has(node.inputs[i] ?? '')).map((input) => input.name));
    const kernel = buildKernel({ ...workload, preferred: name }, { constants: fixed });
    const operands = kernel.inputs.map((input) => operandOf(input, shaped[input.source] as TensorData));
    for (const variant of [kernel, kernel.relaxed])
      expect(distance((await runPhases(variant, kernel.operands, operands, 2))[0], expected)).toBeLessThan(tolerance);
  }
}

/** The largest difference, absolute up to 1 and relative beyond. */
const distance = (actual: TensorData | undefined, expected: TensorData | undefined): number =>
  Math.max(
    ...Array.from((expected?.data ?? []) as ArrayLike<number | bigint>, (value, i) => {
      const [a, b] = [Number(actual?.data[i]), Number(value)];
      return Math.abs(a - b) / Math.max(1, Math.abs(b));
    }),
  );
