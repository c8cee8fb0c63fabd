import { describe, expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { operandOf } from '../../../compiler/hoist-constants.ts';
import { buildKernel } from '../../../compiler/kernels.ts';
import { winograd2, winograd4 } from '../../../compiler/lower/winograd-transforms.ts';
import { workloadOf } from '../../../compiler/lower/workload.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { NodeOf } from '../../../ir/graph/graph.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { runPhases } from '../codegen/run-phases.ts';

const unit = (length: number, at: number): readonly number[] => Array.from({ length }, (_, i) => (i === at ? 1 : 0));
const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): readonly number[] =>
  matrix.map((row) => row.reduce((sum, factor, i) => sum + factor * (vector[i] ?? 0), 0));

describe.each([winograd2, winograd4])('F($results, 3)', ({ results, filter, input, output }) => {
  test('filters every unit vector of data by every unit filter', () => {
    for (let tap = 0; tap < 3; tap++)
      for (let at = 0; at < results + 2; at++) {
        const [g, d] = [times(filter, unit(3, tap)), times(input, unit(results + 2, at))];
        const products = g.map((factor, i) => factor * (d[i] ?? 0));
        times(output, products).forEach((value, i) => expect(value).toBeCloseTo(i + tap === at ? 1 : 0, 12));
      }
  });
});

const [size, channels] = [14, 64];

/** Samples of the normal distribution, as activations and weights are taken to be. */
function normal(shape: readonly number[], seed: number, scale: number): TensorData {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const next = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const count = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: 'f32', shape, data: Float32Array.from({ length: count }, () => scale * next()) };
}

function exactly(x: TensorData, w: TensorData): Float64Array {
  const side = size + 2;
  const result = new Float64Array(size * size * channels);
  for (let k = 0; k < channels; k++)
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < 9; i++) {
            const [r, s] = [Math.floor(i / 3), i % 3];
            sum +=
              Number(x.data[((row + r) * side + column + s) * channels + c]) *
              Number(w.data[((k * channels + c) * 3 + r) * 3 + s]);
          }
        result[(row * size + column) * channels + k] = sum;
      }
  return result;
}

/** The largest and the root of the mean square of the errors, in parts of the root of the mean square of the results. */
function errorsOf(actual: TensorData | undefined, expected: Float64Array) {
  let [most, squares, scale] = [0, 0, 0];
  expected.forEach((value, i) => {
    const error = Math.abs(Number(actual?.data[i]) - value);
    most = Math.max(most, error);
    squares += error * error;
    scale += value * value;
  });
  return { most: most / Math.sqrt(scale / expected.length), rms: Math.sqrt(squares / scale) };
}

/** Above what the doc comment of the lowering states, by no more than a factor of two. */
const bounds = [
  ['implicit-gemm', { most: 8e-6, rms: 1e-6 }],
  ['winograd-2x2', { most: 3e-6, rms: 5e-7 }],
  ['winograd-4x4', { most: 2e-5, rms: 2e-6 }],
] as const;

describe('errors in f32, for 64 channels of normal data', () => {
  const x = normal([1, size + 2, size + 2, channels], 1, 1);
  const w = normal([channels, channels, 3, 3], 2, 1 / Math.sqrt(9 * channels));
  const b = new GraphBuilder('conv');
  const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' } as const;
  b.output('y', b.op('conv', [b.input('x', 'f32', x.shape), b.constant(w, 'w')], attrs));
  const node = optimizeGraph(b.finish()).nodes.find((one): one is NodeOf<'fused'> => one.op === 'fused');
  const workload = node && workloadOf(node, (input) => input !== 'x');
  const expected = exactly(x, w);

  test.each(bounds)('%s', async (preferred, { most, rms }) => {
    if (workload === undefined) throw new Error('the convolution is a group');
    const kernel = buildKernel({ ...workload, preferred }, { constants: new Set(['in1']) });
    const operands = kernel.inputs.map((input) => operandOf(input, input.source === 0 ? x : w));
    for (const variant of [kernel, kernel.relaxed]) {
      const errors = errorsOf((await runPhases(variant, kernel.operands, operands))[0], expected);
      expect(errors.most).toBeLessThan(most);
      expect(errors.rms).toBeLessThan(rms);
    }
  });
});
