import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { DType } from '../../ir/dtype.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';
import { load } from '../../runtime/load.ts';
import { GpuError, webgpu } from '../../runtime/webgpu/index.ts';
import { randomNumbers } from '../generators/random.ts';
import { softwareAdapter, validatingDevice } from './dawn.ts';
import { runOnGpu } from './run-program.ts';
import { validateShaders } from './validate.ts';

const kinds = ['sum', 'prod', 'max', 'min'] as const;
type Kind = (typeof kinds)[number];

/** How far each element is from what its row reduces to. */
function reduction(kind: Kind, dtype: DType, rows: number, columns: number): Graph {
  const graph = new GraphBuilder('rows');
  const x = graph.input('x', dtype, [rows, columns]);
  const reduced = graph.op(`reduce_${kind}`, [x], { axes: [1], keepDims: true });
  graph.output('y', graph.op('sub', [x, reduced], {}));
  return graph.finish();
}

const { files } = await compile(reduction('max', 'f32', 3, 777), { targets: ['webgpu'] });
const textOf = (file: string): string => new TextDecoder().decode(files[file]);
const barriers = (text: string): number => text.match(/workgroupBarrier/g)?.length ?? 0;

test('rows are reduced by subgroups in a text of its own, with fewer barriers', async () => {
  expect(textOf('kernels.subgroups.wgsl')).toMatch(/^enable subgroups;[^]*subgroupMax/);
  expect(textOf('kernels.wgsl')).not.toMatch('subgroup');
  expect(barriers(textOf('kernels.subgroups.wgsl'))).toBeLessThan(barriers(textOf('kernels.wgsl')));
  expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
});

describe('what is chosen at load', () => {
  const featuresWith = async (options: Parameters<typeof webgpu>[0]) => {
    const model = await load(files, { device: webgpu(options) });
    const { features } = model.info().gpu;
    model.dispose();
    return features;
  };

  test('are subgroups where the device has them, unless the caller says otherwise', async () => {
    const device = await validatingDevice('subgroups');
    expect(await featuresWith({ device })).toEqual(['subgroups']);
    expect(await featuresWith({ device, features: [] })).toEqual([]);
  });

  test('is what every device runs where it has none', async () => {
    const device = await validatingDevice();
    expect(await featuresWith({ device })).toEqual([]);
    await expect(featuresWith({ device, features: ['subgroups'] })).rejects.toThrow(
      new GpuError('the device does not have the feature subgroups'),
    );
  });
});

/** Subgroups of four invocations, and of eight. */
describe.each(['SwiftShader', 'llvmpipe'] as const)('on %s', async (name) => {
  const adapter = await softwareAdapter(name);
  const why = typeof adapter === 'string' ? `: ${adapter}` : '';
  const device =
    typeof adapter === 'string' ? undefined : await adapter.requestDevice({ requiredFeatures: ['subgroups'] });

  async function findDifference(graph: Graph, x: TensorData): Promise<string | undefined> {
    const actual = await runOnGpu(device as GPUDevice, graph, { x }, ['webgpu'], ['subgroups']);
    const expected = interpretGraph(graph, { x })['y'] as TensorData;
    const difference = compareTensors(actual['y'] as TensorData, expected, { rtol: 1e-4, atol: 1e-4 });
    return difference.wrong > 0 ? describeDifference(difference) : undefined;
  }

  const arbitraryRows = fc.record({
    kind: fc.constantFrom(...kinds),
    dtype: fc.constantFrom<DType>('f32', 'i32', 'u32'),
    rows: fc.integer({ min: 1, max: 4 }),
    columns: fc.integer({ min: 256, max: 1500 }),
    seed: fc.nat(),
  });

  test.skipIf(device === undefined)(
    `rows of any length reduce to what the interpreter gives${why}`,
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryRows, async ({ kind, dtype, rows, columns, seed }) => {
          const random = randomNumbers(seed);
          const data = newArray(dtype, rows * columns);
          const spread = kind === 'prod' ? 0.01 : 8;
          for (let i = 0; i < data.length; i++)
            data[i] = dtype === 'f32' ? 1 + (random() - 0.5) * spread : Math.floor((random() - 0.25) * 1e9);
          expect(
            await findDifference(reduction(kind, dtype, rows, columns), { dtype, shape: [rows, columns], data }),
          ).toBeUndefined();
        }),
        { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 12) },
      );
    },
  );

  test.skipIf(device === undefined)(
    `a NaN stays one, wherever in the row, and infinities are numbers${why}`,
    async () => {
      for (const kind of ['max', 'min', 'sum'] as const)
        for (const at of [0, 63, 299, 776]) {
          const data = Float32Array.from({ length: 2 * 777 }, (_, i) => i % 100);
          data[at] = Number.NaN;
          data[777 + at] = Number.NEGATIVE_INFINITY;
          expect(
            await findDifference(reduction(kind, 'f32', 2, 777), { dtype: 'f32', shape: [2, 777], data }),
          ).toBeUndefined();
        }
    },
  );
});
