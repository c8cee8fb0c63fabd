import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { pack } from '../../../compiler/hoist-packing.ts';
import { randomSource, randomTensor } from '../../../compiler/io/random-inputs.ts';
import { buildKernel } from '../../../compiler/kernels.ts';
import { workloadOf } from '../../../compiler/lower/workload.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, NodeOf } from '../../../ir/graph/graph.ts';
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
  readonly epilogue: 'none' | 'bias' | 'residual';
}

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

const arbitraryConv: fc.Arbitrary<ConvCase> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  places: pair(7),
  inputs: fc.integer({ min: 1, max: 9 }),
  outputs: fc.integer({ min: 1, max: 18 }),
  kernel: pair(3),
  strides: pair(2),
  dilations: pair(2),
  epilogue: fc.constantFrom('none', 'bias', 'residual'),
});

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
    { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 40) },
  );
  expect([...seen].sort()).toEqual(['direct', 'implicit-gemm']);
});

async function expectDefinitions(
  node: NodeOf<'fused'>,
  inputs: readonly TensorData[],
  constants: ReadonlyMap<string, TensorData>,
  see: (name: string) => void,
): Promise<void> {
  const workload = workloadOf(node);
  let expected: TensorData | undefined;
  for (const { name, func } of workload.definitions) {
    see(name);
    verifyFunc(func);
    const shaped = inputs.map((input, i) => ({ ...input, shape: func.inputs[i]?.shape as readonly number[] }));
    const [meaning] = interpretFunc(func, shaped);
    expected ??= meaning;
    expect(distance(meaning, expected)).toBeLessThan(1e-5);
    const fixed = new Set(func.inputs.filter((_, i) => constants.has(node.inputs[i] ?? '')).map((input) => input.name));
    const kernel = buildKernel({ ...workload, preferred: name }, { constants: fixed });
    const operands = kernel.inputs.map(({ source, pack: packing }) =>
      packing === undefined ? (shaped[source] as TensorData) : pack(packing, shaped[source] as TensorData),
    );
    for (const variant of [kernel, kernel.relaxed])
      expect(distance((await runPhases(variant, kernel.operands, operands, 2))[0], expected)).toBeLessThan(1e-5);
  }
}

/** The largest difference, absolute up to 1 and relative beyond. */
const distance = (actual: TensorData | undefined, expected: TensorData | undefined): number =>
  Math.max(
    ...Array.from(expected?.data ?? [], (value, i) => {
      const [a, b] = [Number(actual?.data[i]), Number(value)];
      return Math.abs(a - b) / Math.max(1, Math.abs(b));
    }),
  );
