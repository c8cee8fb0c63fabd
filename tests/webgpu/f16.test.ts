import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { compile } from '../../compiler/pipeline.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { roundTo } from '../../ir/scalar.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import { load } from '../../runtime/load.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import { fromWords, toWords } from '../../runtime/webgpu/words.ts';
import { randomNumbers } from '../generators/random.ts';
import { adapterWith, validatingDevice } from './dawn.ts';
import { runOnGpu } from './run-program.ts';
import { validateShaders } from './validate.ts';

const adapter = await adapterWith('shader-f16');
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
const device =
  typeof adapter === 'string' ? undefined : await adapter.requestDevice({ requiredFeatures: ['shader-f16'] });

/** Halves of random numbers between -2 and 2. */
function halves(shape: readonly number[], seed: number): TensorData {
  const random = randomNumbers(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  const numbers = Float32Array.from({ length: count }, () => roundTo('f16')(random() * 4 - 2) as number);
  return { dtype: 'f16', shape, data: fromWords('f16', numbers.buffer) };
}

const steps: Readonly<Record<string, (graph: GraphBuilder, x: Value, n: number) => Value>> = {
  scaled: (graph, x) => graph.op('mul', [x, graph.op('sigmoid', [x], {})], {}),
  product: (graph, x, n) =>
    graph.op('matmul', [x, graph.constant(halves([n, n], 7))], { transA: false, transB: false }),
  softmax: (graph, x) => {
    const exp = graph.op('exp', [x], {});
    return graph.op('div', [exp, graph.op('reduce_sum', [exp], { axes: [1], keepDims: true })], {});
  },
  widened: (graph, x) => {
    const wide = graph.op('cast', [x], { to: 'f32' });
    return graph.op('cast', [graph.op('add', [wide, wide], {})], { to: 'f16' });
  },
  centred: (graph, x) => graph.op('sub', [x, graph.op('reduce_max', [x], { axes: [1], keepDims: true })], {}),
};

function graphOf(names: readonly string[], rows: number, columns: number): Graph {
  const graph = new GraphBuilder('halves');
  const x = graph.input('x', 'f16', [rows, columns]);
  graph.output(
    'y',
    names.reduce((value, name) => steps[name]?.(graph, value, columns) ?? value, x),
  );
  return graph.finish();
}

const arbitrary = fc.record({
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 3 }),
  rows: fc.integer({ min: 1, max: 9 }),
  columns: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 256, max: 300 })),
});

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 6);

test('shaders that hold halves are valid, and are all that a device with the feature runs of f16', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ names, rows, columns }) => {
      const { files } = await compile(graphOf(names, rows, columns), { targets: ['webgpu'] });
      expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
      expect(new TextDecoder().decode(files['kernels.f16.wgsl'])).toMatch(/^enable f16;[^]*array<(f16|vec4h)>/);
      expect(new TextDecoder().decode(files['kernels.wgsl'])).not.toMatch(/f16;|<f16>|vec4h/);
    }),
    { numRuns: runs },
  );
});

test('halves are words of two, of which the last may be filled up', () => {
  const data = Uint16Array.from([0x3c00, 0x7e00, 0x8000]);
  const words = toWords('f16', data, true);
  expect(words).toEqual(Uint32Array.from([0x7e003c00, 0x8000]));
  expect(fromWords('f16', words.buffer as ArrayBuffer, true, 3)).toEqual(data);
});

describe.skipIf(device === undefined)(`on a device with f16${why}`, () => {
  const gpu = device as GPUDevice;

  test('halves are computed with in f32, as the interpreter does', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, fc.nat(), async ({ names, rows, columns }, seed) => {
        const graph = graphOf(names, rows, columns);
        const inputs = { x: halves([rows, columns], seed) };
        const actual = await runOnGpu(gpu, graph, inputs, ['webgpu'], ['shader-f16']);
        const expected = interpretGraph(graph, inputs)['y'] as TensorData;
        const difference = compareTensors(actual['y'] as TensorData, expected, { rtol: 4e-3, atol: 2e-3 });
        expect(difference.wrong > 0 ? `${describeDifference(difference)}\n${printGraph(graph)}` : '').toBe('');
      }),
      { numRuns: runs },
    );
  });

  test('what is no number, infinite, the greatest or a negative zero is stored as it is', async () => {
    const graph = new GraphBuilder('special');
    const x = graph.input('x', 'f16', [8]);
    graph.output('y', graph.op('neg', [x], {}));
    const data = Uint16Array.from([0x7e00, 0x7c00, 0xfc00, 0x7bff, 0xfbff, 0x8000, 0x0000, 0x0400]);
    const inputs = { x: { dtype: 'f16', shape: [8], data } } as const;
    const { y } = await runOnGpu(gpu, graph.finish(), inputs, ['webgpu'], ['shader-f16']);
    const isNan = (half: number): boolean => (half & 0x7fff) > 0x7c00;
    expect(isNan(Number(y?.data[0]))).toBe(true);
    expect([...(y?.data ?? [])].slice(1)).toEqual([...data].slice(1).map((half) => half ^ 0x8000));
  });

  test('inputs and outputs that stay on the GPU are halves', async () => {
    const graph = graphOf(['scaled'], 3, 5);
    const { files } = await compile(graph, { targets: ['webgpu'] });
    const model = await load(files, { device: webgpu({ device: gpu }) });
    expect(model.info().gpu.features).toEqual(['shader-f16']);
    const x = halves([3, 5], 1);
    const { y: expected } = await model.run({ x });
    const words = toWords('f16', x.data, true);
    const data = gpu.createBuffer({ size: 32, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    gpu.queue.writeBuffer(data, 0, words as BufferSource);
    const once = await model.run({ x: { dtype: 'f16', shape: [3, 5], data } }, { outputs: 'gpu' });
    const again = await model.run({ x: { dtype: 'f16', shape: [3, 5], data } });
    expect(once['y']?.data.size).toBe(32);
    expect(again['y']?.data).toEqual(expected?.data);
    once['y']?.data.destroy();
    model.dispose();
  });

  test('what the processor computes of f16 comes and goes in halves', { timeout: 120_000 }, async () => {
    const graph = new GraphBuilder('mixed');
    const x = graph.input('x', 'f16', [7]);
    const wide = graph.op('cast', [graph.op('add', [x, x], {})], { to: 'f64' });
    const back = graph.op('cast', [graph.op('mul', [wide, wide], {})], { to: 'f16' });
    graph.output('y', graph.op('add', [back, x], {}));
    const whole = graph.finish();
    const inputs = { x: halves([7], 3) };
    const actual = await runOnGpu(gpu, whole, inputs, ['wasm', 'webgpu'], ['shader-f16']);
    const difference = compareTensors(actual['y'] as TensorData, interpretGraph(whole, inputs)['y'] as TensorData, {
      rtol: 2e-3,
      atol: 1e-3,
    });
    expect(difference.wrong).toBe(0);
  });
});
