import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rebuild } from '../../compiler/graph-passes/rebuild.ts';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { compile } from '../../compiler/pipeline.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import { ModelInputError } from '../../runtime/errors.ts';
import { load } from '../../runtime/load.ts';
import type { WebgpuProgram } from '../../runtime/manifest.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import { arbitraryGraph } from '../generators/graph.ts';
import { softwareAdapter } from './dawn.ts';
import { runOnGpu, type Tensors } from './run-program.ts';

const adapter = await softwareAdapter();
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();
const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 60);

type Build = (graph: GraphBuilder) => Readonly<Record<string, Value>>;

function graphOf(build: Build): Graph {
  const graph = new GraphBuilder('mixed');
  for (const [name, value] of Object.entries(build(graph))) graph.output(name, value);
  return graph.finish();
}

async function programOf(build: Build): Promise<WebgpuProgram> {
  const { webgpu: compiled } = await compile(graphOf(build), { targets: ['wasm', 'webgpu'] });
  return compiled?.program as WebgpuProgram;
}

/** x · w on the GPU, 2 · that on the processor, since f64 is, and the sum of both on the GPU. */
const detour: Build = (graph) => {
  const x = graph.input('x', 'f32', [4, 4]);
  const product = graph.op('matmul', [x, x], { transA: false, transB: false });
  const wide = graph.op('cast', [product], { to: 'f64' });
  const doubled = graph.op('cast', [graph.op('add', [wide, wide], {})], { to: 'f32' });
  const square = graph.op('matmul', [product, doubled], { transA: false, transB: false });
  return { y: graph.op('add', [square, doubled], {}) };
};

describe('a program of both', () => {
  test('names what the processor runs, and why', async () => {
    const { plan, host } = await programOf(detour);
    expect(plan.map(({ kind }) => kind)).toEqual(['dispatch', 'host', 'dispatch']);
    expect(host?.because).toEqual([
      { node: 'cast_add', reason: 'f64 on WebGPU, in kernel cast_add: it has no 64-bit types' },
    ]);
  });

  test('copies what is read and written once, for neighbouring kernels together', async () => {
    const { plan } = await programOf((graph) => {
      const x = graph.input('x', 'f32', [8, 8]);
      const sum = graph.op('reduce_sum', [graph.op('cast', [graph.op('exp', [x], {})], { to: 'f64' })], {
        axes: [1],
        keepDims: true,
      });
      const largest = graph.op('reduce_max', [sum], { axes: [0], keepDims: true });
      return { y: graph.op('neg', [graph.op('cast', [largest], { to: 'f32' })], {}), sum };
    });
    const [step] = plan.filter((one) => one.kind === 'host');
    expect(plan.filter((one) => one.kind === 'host')).toHaveLength(1);
    expect(step?.steps.length).toBeGreaterThan(1);
    expect(step?.reads.length).toBeLessThanOrEqual(1);
  });

  test('is refused by name where WebGPU alone is asked for', async () => {
    await expect(compile(graphOf(detour), { targets: ['webgpu'] })).rejects.toThrow(
      new UnsupportedError(['f64 on WebGPU, in kernel cast_add: it has no 64-bit types']),
    );
  });

  test('has nothing for the processor where the GPU can do all', async () => {
    const { host } = await programOf((graph) => ({ y: graph.op('exp', [graph.input('x', 'f32', [8])], {}) }));
    expect(host).toBeUndefined();
  });

  test('binds the memory of an operand and its reshape once', async () => {
    const { plan } = await programOf((graph) => {
      const x = graph.input('x', 'f32', [2, 3]);
      const reshaped = graph.op('reshape', [x], { shape: [3, 2] });
      return { y: graph.op('matmul', [x, reshaped], { transA: false, transB: false }) };
    });
    expect(plan.map((step) => step.kind === 'dispatch' && step.bindings.length)).toEqual([2]);
  });

  test('cuts groups that have more operands than a shader binds', async () => {
    const { plan, host } = await programOf((graph) => {
      const inputs = Array.from({ length: 11 }, (_, i) => graph.input(`x${i}`, 'f32', [4, 4]));
      return { y: inputs.reduce((sum, input) => graph.op('add', [sum, input], {})) };
    });
    expect(host).toBeUndefined();
    expect(plan.map((step) => step.kind === 'dispatch' && step.bindings.length)).toEqual([8, 6]);
  });
});

describe.skipIf(device === undefined)(`on a device${why}`, () => {
  const gpu = device as GPUDevice;

  async function expectRight(graph: Graph, inputs: Tensors): Promise<void> {
    const [actual, expected] = [await runOnGpu(gpu, graph, inputs, ['wasm', 'webgpu']), interpretGraph(graph, inputs)];
    for (const [name, tensor] of Object.entries(expected)) {
      const difference = compareTensors(actual[name] as TensorData, tensor, { rtol: 1e-2, atol: 1e-3 });
      expect(difference.wrong > 0 ? `${name}: ${describeDifference(difference)}\n${printGraph(graph)}` : '').toBe('');
    }
  }

  test('random graphs, some values of which go through f64, mean what the interpreter says', {
    timeout: 3_600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryGraph(), fc.nat(), async ({ graph, inputs }, seed) => {
        await expectRight(withDetours(graph, seed), inputs);
      }),
      { numRuns: runs },
    );
  });

  test('an operand and its reshape are read by one kernel', async () => {
    const graph = graphOf((b) => {
      const x = b.input('x', 'f32', [2, 3]);
      const product = b.op('matmul', [x, b.op('reshape', [x], { shape: [3, 2] })], { transA: false, transB: false });
      return { y: product };
    });
    await expectRight(graph, { x: { dtype: 'f32', shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) } });
  });

  test('inputs and outputs on the GPU reach kernels of the processor', async () => {
    const { files } = await compile(
      graphOf((b) => {
        const x = b.input('x', 'f32', [4]);
        const wide = b.op('cast', [x], { to: 'f64' });
        return { y: b.op('cast', [b.op('add', [wide, wide], {})], { to: 'f32' }) };
      }),
      { targets: ['wasm', 'webgpu'] },
    );
    const model = await load(files, { device: webgpu({ device: gpu }) });
    expect(model.info().gpu).toMatchObject({ dispatches: 0, onHost: [{ node: 'cast_add' }] });
    const x = { dtype: 'f32', shape: [4], data: Float32Array.from([1, 2, 3, 4]) } as const;
    const { y: first } = await model.run({ x }, { outputs: 'gpu' });
    const { y: second } = await model.run({ x: first as NonNullable<typeof first> });
    expect([...(second?.data ?? [])]).toEqual([4, 8, 12, 16]);
    model.dispose();
  });
});

describe.skipIf(device === undefined)(`64-bit integers${why}`, () => {
  const gpu = device as GPUDevice;
  const i64 = (values: readonly bigint[]) =>
    ({ dtype: 'i64', shape: [values.length], data: BigInt64Array.from(values) }) as const;

  test('come in as indices and go out as places, in 32 bits', async () => {
    const graph = graphOf((b) => {
      const table = b.input('table', 'f32', [8, 4]);
      const ids = b.input('ids', 'i64', [3]);
      const rows = b.op('gather', [table, ids], { axis: 0 });
      const best = b.op('argmax', [rows], { axis: 1, keepDims: false, selectLast: false });
      const [values, places] = b.ops('topk', [rows], { axis: 1, k: 2, largest: true });
      return { rows, best, values: values as Value, places: places as Value, ids };
    });
    const data = Float32Array.from({ length: 32 }, (_, i) => (i * 7) % 13);
    const inputs = { table: { dtype: 'f32', shape: [8, 4], data }, ids: i64([5n, 0n, 7n]) } as const;
    expect(await runOnGpu(gpu, graph, inputs)).toEqual(interpretGraph(graph, inputs));
  });

  test('that do not fit 32 bits are refused where a GPU reads them', async () => {
    const graph = graphOf((b) => ({
      y: b.op('gather', [b.input('table', 'f32', [8]), b.input('ids', 'i64', [1])], { axis: 0 }),
    }));
    const table = { dtype: 'f32', shape: [8], data: new Float32Array(8) } as const;
    await expect(runOnGpu(gpu, graph, { table, ids: i64([2n ** 40n]) })).rejects.toThrow(ModelInputError);
  });

  test('that arithmetic may make larger are computed by the processor, in 64 bits', async () => {
    const graph = graphOf((b) => {
      const x = b.input('x', 'i64', [2]);
      return { square: b.op('mul', [x, x], {}) };
    });
    const inputs = { x: i64([2n ** 30n, -3n]) };
    await expect(runOnGpu(gpu, graph, inputs)).rejects.toThrow(
      'i64 on WebGPU, in kernel mul: the result of mul might not',
    );
    expect(await runOnGpu(gpu, graph, inputs, ['wasm', 'webgpu'])).toEqual({ square: i64([2n ** 60n, 9n]) });
    const large = { x: i64([2n ** 31n, 2n]) };
    expect(await runOnGpu(gpu, graph, large, ['wasm', 'webgpu'])).toEqual({ square: i64([2n ** 62n, 4n]) });
  });
});

/** The graph, some of whose floats are rounded down in f64: they are whole numbers. */
function withDetours(graph: Graph, seed: number): Graph {
  const next = randomSource(seed);
  return rebuild(graph, (node, g) => {
    const [output] = node.outputs;
    if (node.outputs.length !== 1 || output?.type.dtype !== 'f32' || next() < 0.7) return undefined;
    const value = g.emit(node.op, node.inputs, node.attrs, node.name);
    const whole = g.emit('floor', [g.emit('cast', [value], { to: 'f64' }, value)], {}, value);
    return [g.emit('cast', [whole], { to: 'f32' }, value)];
  });
}
