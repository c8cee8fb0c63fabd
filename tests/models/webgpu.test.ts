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
import { type DataSet, isPresent, readDataSets, readModel } from './shared-models.ts';

const minute = 60_000;

/** Drivers in software take seconds for a model: `TILEWRIGHT_MODELS=all` runs the others too. */
const quick = ['ultraface_rfb320', 'stories260k_kv'];
const others = ['squeezenet_fp32', 'stories260k', 'yolox_nano', 'ppocr_det', 'ppocr_rec'];
const run = process.env['TILEWRIGHT_MODELS'] === 'all' ? [...quick, ...others] : quick;
const quantized = ['squeezenet_qdq', 'mlperf_vww96_qdq'];

async function compileFor(id: string, { inputs }: DataSet): Promise<ArtifactFiles> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const { files } = await compile(importOnnx(readModel(id), { shapes }), { targets: ['webgpu'] });
  return files;
}

const { name, device } = await openDevice();

describe.skipIf(device === undefined)(`on ${name}`, () => {
  test.each(run.filter(isPresent))('%s gives the outputs of the reference', { timeout: 5 * minute }, async (id) => {
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

describe('by the default limits and without optional features', () => {
  test.each([...quick, ...others, ...quantized].filter(isPresent))(
    'every shader of %s is valid',
    { timeout: 5 * minute },
    async (id) => {
      const [set] = await readDataSets(id);
      const files = await compileFor(id, set as DataSet);
      expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
    },
  );

  test.each(Object.entries(RANDOM_MODELS))(
    'every shader of %s, with random weights, is valid',
    { timeout: 5 * minute },
    async (_, build) => {
      const { files } = await compile(importOnnx(build()), { targets: ['webgpu'] });
      expect(await validateShaders(await validatingDevice(), files)).toEqual([]);
    },
  );
});
