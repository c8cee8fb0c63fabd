import { describe, expect, test } from 'vitest';
import { RANDOM_MODELS } from '../../benchmarks/models/index.ts';
import { compareTensors } from '../../compiler/io/compare.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import { validatingDevice } from '../webgpu/dawn.ts';
import { openDevice } from '../webgpu/devices.ts';
import { validateShaders } from '../webgpu/validate.ts';
import { type DataSet, floatModels, isPresent, readDataSets, readModel } from './shared-models.ts';

const minute = 60_000;

const quantized = ['squeezenet_qdq', 'mlperf_vww96_qdq'];

async function compileFor(id: string, { inputs }: DataSet): Promise<ArtifactFiles> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const { files } = await compile(importOnnx(readModel(id), { shapes }), { targets: ['webgpu'] });
  return files;
}

const { name, device } = await openDevice();

describe.skipIf(device === undefined)(`on ${name}`, () => {
  describe.each(floatModels)('%s', (id) => {
    test.skipIf(!isPresent(id))('gives the outputs of the reference', { timeout: 5 * minute }, async () => {
      for (const set of await readDataSets(id)) {
        const model = await load(await compileFor(id, set), { device: webgpu({ device: device as GPUDevice }) });
        const actual = await model.run(set.inputs);
        model.dispose();
        for (const [name, expected] of Object.entries(set.outputs)) {
          const difference = compareTensors(actual[name] as TensorData, expected, { atol: 1e-3, rtol: 1e-2 });
          expect({ name, ...difference }).toMatchObject({ wrong: 0 });
        }
      }
    });
  });
});

describe('by the default limits and without optional features', () => {
  describe.each([...floatModels, ...quantized])('%s', (id) => {
    test.skipIf(!isPresent(id))('has valid shaders', { timeout: 5 * minute }, async () => {
      const [set] = await readDataSets(id);
      const files = await compileFor(id, set as DataSet);
      expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
    });
  });

  test.each(Object.entries(RANDOM_MODELS))(
    '%s, with random weights, has valid shaders',
    { timeout: 5 * minute },
    async (_, build) => {
      const { files } = await compile(importOnnx(build()), { targets: ['webgpu'] });
      expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
    },
  );
});
