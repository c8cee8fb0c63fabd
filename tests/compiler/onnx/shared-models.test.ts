import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTensorProto } from '../../../compiler/io/tensor-proto.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const models = join(process.env['TILEWRIGHT_SHARED'] ?? resolve(root, '../shared'), 'models');
const bytesOf = (...path: readonly string[]) => readFileSync(join(models, ...path));

describe.skipIf(!existsSync(models))('trained models', () => {
  test.each([
    ['squeezenet_fp32', ['softmaxout_1']],
    ['squeezenet_qdq', ['softmaxout_1']],
    ['ultraface_rfb320', ['scores', 'boxes']],
    ['yolox_nano', ['output']],
    ['mlperf_vww96_qdq', ['output']],
  ])('%s is imported as it is', (id, outputs) => {
    const graph = importOnnx(bytesOf(id, 'model.onnx'));
    verifyGraph(graph);
    expect(graph.outputs.map(({ name }) => name)).toEqual(outputs);
  });

  test.each([0, 1])('stories260k gives the reference logits of set %i, its dimensions bound or not', (set) => {
    const file = (name: string) => readTensorProto(bytesOf('stories260k', `test_data_set_${set}`, name)).data;
    const [ids, wanted] = [file('input_0.pb'), file('output_0.pb')];
    for (const shapes of [{}, { input_ids: ids.shape }]) {
      const graph = importOnnx(bytesOf('stories260k', 'model.onnx'), { shapes });
      verifyGraph(graph);
      const logits = interpretGraph(graph, { input_ids: ids })['logits'];
      expect(logits?.shape).toEqual(wanted.shape);
      const errors = Array.from(
        wanted.data as Float32Array,
        (value, i) => Math.abs(Number(logits?.data[i]) - value) - 1e-3 * Math.abs(value),
      );
      expect(Math.max(...errors)).toBeLessThan(1e-4);
    }
  });
});
