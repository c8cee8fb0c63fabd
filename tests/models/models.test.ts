import { brotliCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { memoryUse } from '../../compiler/artifact/memory-use.ts';
import { compareTensors } from '../../compiler/io/compare.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { compile } from '../../compiler/pipeline.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';
import { floatModels, isPresent, readDataSets, readModel, type Tensors } from './shared-models.ts';

const minute = 60_000;

async function compileFor(id: string, inputs: Tensors): Promise<ArtifactFiles> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const { files, fused, calls, layout } = await compile(importOnnx(readModel(id), { shapes }));
  const { total, limit } = memoryUse(fused, calls, layout);
  expect(total).toBeLessThanOrEqual(limit);
  return files;
}

async function run(files: ArtifactFiles, inputs: Tensors, relaxedSimd = true): Promise<Tensors> {
  const model = await load(files, { relaxedSimd });
  const outputs = await model.run(inputs);
  model.dispose();
  return outputs;
}

describe.each(floatModels)('%s', (id) => {
  test.skipIf(!isPresent(id))('gives the outputs of the reference', { timeout: 2 * minute }, async () => {
    const sets = await readDataSets(id);
    expect(sets.length).toBeGreaterThan(0);
    for (const { inputs, outputs } of sets) {
      const files = await compileFor(id, inputs);
      for (const relaxedSimd of [false, true]) {
        const actual = await run(files, inputs, relaxedSimd);
        expect(Object.keys(actual).sort()).toEqual(Object.keys(outputs).sort());
        for (const [name, expected] of Object.entries(outputs)) {
          const difference = compareTensors(actual[name] as TensorData, expected, { atol: 1e-4, rtol: 1e-3 });
          expect({ name, relaxedSimd, ...difference }).toMatchObject({ wrong: 0 });
        }
      }
    }
  });
});

const topOne = ({ data }: TensorData): number =>
  Array.from(data as Float32Array).reduce((best, x, i) => (x > (data[best] as number) ? i : best), 0);

describe.each(['squeezenet_qdq', 'mlperf_vww96_qdq'])('%s, quantized', (id) => {
  test.skipIf(!isPresent(id))('gives the class of the reference, at nearly its probability', async () => {
    for (const { inputs, outputs } of await readDataSets(id)) {
      const actual = await run(await compileFor(id, inputs), inputs);
      for (const [name, expected] of Object.entries(outputs)) {
        const output = actual[name] as TensorData;
        expect(topOne(output)).toBe(topOne(expected));
        expect(compareTensors(output, expected, { atol: 0.05, rtol: 0 })).toMatchObject({ wrong: 0 });
      }
    }
  });
});

test.skipIf(!isPresent('silero_v6'))('silero_v6 is refused by the name of what is missing', async () => {
  const [set] = await readDataSets('silero_v6');
  const refused = compileFor('silero_v6', set?.inputs ?? {});
  await expect(refused).rejects.toThrow(UnsupportedError);
  await expect(refused).rejects.toThrow(/STFT|LSTM|If/);
});

test.skipIf(!isPresent('squeezenet_fp32'))(
  'the code of an artifact is small, and the same in every build',
  async () => {
    const [set] = await readDataSets('squeezenet_fp32');
    const [files, again] = [
      await compileFor('squeezenet_fp32', set?.inputs ?? {}),
      await compileFor('squeezenet_fp32', set?.inputs ?? {}),
    ];
    const same = Object.entries(files).filter(([name, bytes]) => Buffer.compare(bytes, again[name] ?? bytes) === 0);
    expect(same.map(([name]) => name)).toEqual(Object.keys(again));
    const code = Object.entries(files).filter(([name]) => /\.(wasm|js)$/.test(name));
    const size = code.reduce((sum, [, bytes]) => sum + brotliCompressSync(bytes).length, 0);
    expect(size).toBeLessThanOrEqual(60 * 1024);
  },
);
