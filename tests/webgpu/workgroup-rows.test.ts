import { expect, test } from 'vitest';
import { compareTensors } from '../../compiler/io/compare.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { parseGraph } from '../../ir/text/parse.ts';
import { randomNumbers } from '../generators/random.ts';
import { softwareAdapter } from './dawn.ts';
import { runOnGpu } from './run-program.ts';

const adapter = await softwareAdapter();
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

const softmax = (rows: number, columns: number): Graph =>
  parseGraph(`graph @softmax(%x: f32[2, ${rows}, ${columns}]) -> ("y" = %y) {
    %largest: f32[2, ${rows}, 1] = reduce_max(%x) {axes = [2], keepDims = true}
    %less: f32[2, ${rows}, ${columns}] = sub(%x, %largest)
    %exp: f32[2, ${rows}, ${columns}] = exp(%less)
    %sum: f32[2, ${rows}, 1] = reduce_sum(%exp) {axes = [2], keepDims = true}
    %y: f32[2, ${rows}, ${columns}] = div(%exp, %sum)
  }`);

/** The values of a row do not fit into the memory of a workgroup where it has more than 4096 of them. */
test.skipIf(device === undefined).each([
  [3, 256],
  [5, 777],
  [1, 5000],
])(`a workgroup computes a row of a softmax over %i × %i values`, { timeout: 120_000 }, async (rows, columns) => {
  const graph = softmax(rows, columns);
  const random = randomNumbers(rows);
  const data = Float32Array.from({ length: 2 * rows * columns }, () => random() * 8 - 4);
  const inputs: Readonly<Record<string, TensorData>> = { x: { dtype: 'f32', shape: [2, rows, columns], data } };
  const actual = await runOnGpu(device as GPUDevice, graph, inputs);
  const difference = compareTensors(actual['y'] as TensorData, interpretGraph(graph, inputs)['y'] as TensorData, {
    rtol: 1e-3,
    atol: 1e-6,
  });
  expect(difference.wrong).toBe(0);
});

test('the kernel of long rows waits between writing and reading what invocations share, and nowhere else', async () => {
  const { files } = await compile(softmax(3, 256), { targets: ['webgpu'] });
  const code = new TextDecoder().decode(files['kernels.wgsl']);
  expect(code.match(/@workgroup_size\(64, 1, 1\)/g)).toHaveLength(1);
  expect(code.match(/workgroupBarrier/g)).toHaveLength(7);
});
