import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { type ArtifactFiles, compile, type Graph, GraphBuilder, type Value } from '../../compiler/index.ts';
import { compareTensors } from '../../compiler/io/compare.ts';
import { randomTensor } from '../../compiler/io/random-inputs.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { load } from '../../runtime/index.ts';
import type { Manifest } from '../../runtime/manifest.ts';

const next = randomSource(7);
const shape = [1, 18, 19, 8];
const x = randomTensor({ dtype: 'f32', shape }, next);

/** Two convolutions of 3 × 3 with weights of their own, and one whose weights are an output as well. */
function threeConvs(): Graph {
  const b = new GraphBuilder('convs');
  const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' } as const;
  const weights = (name: string, outputs: number, inputs: number): Value =>
    b.constant(randomTensor({ dtype: 'f32', shape: [outputs, inputs, 3, 3] }, next), name);
  const given = weights('w2', 8, 16);
  const first = b.op('conv', [b.input('x', 'f32', shape), weights('w0', 12, 8)], attrs);
  const second = b.op('conv', [b.op('tanh', [first], {}), weights('w1', 16, 12)], attrs);
  b.output('y', b.op('conv', [second, given], attrs));
  b.output('w', given);
  return b.finish();
}

const graph = threeConvs();
let prepared: ArtifactFiles;
beforeAll(async () => {
  prepared = (await compile(graph, { growth: 10 })).files;
});

const manifestOf = (files: ArtifactFiles): Manifest => JSON.parse(new TextDecoder().decode(files['manifest.json']));

test('weights are prepared when an artifact is loaded, which makes its files no larger', async () => {
  const plain = (await compile(graph, { growth: 0 })).files;
  expect(manifestOf(plain).prepare).toEqual([]);
  const manifest = manifestOf(prepared);
  expect(manifest.prepare).toHaveLength(3);
  expect(manifest.weights[0]?.resident).toBeLessThan(prepared['weights.bin']?.length ?? 0);
  // The weights that are an output are in the file as they are as well.
  const twice = 4 * 16 * 8 * 9;
  const [small, large] = [plain, prepared].map((files) => files['weights.bin']?.length ?? 0);
  expect(large).toBeLessThan((small ?? 0) + twice);
  const schema = JSON.parse(readFileSync(new URL('../../runtime/manifest.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  validate(manifest);
  expect(validate.errors).toBeNull();
});

test.each([
  [1, false],
  [1, true],
  [2, false],
  [2, true],
])('%i thread(s), relaxed SIMD %s: run after run gives what the graph means', async (threads, relaxedSimd) => {
  const model = await load(prepared, { threads, relaxedSimd });
  const expected = interpretGraph(graph, { x });
  for (let run = 0; run < 3; run++) {
    const outputs = await model.run({ x });
    for (const [name, tensor] of Object.entries(expected))
      expect(compareTensors(outputs[name] as TensorData, tensor, { rtol: 1e-3, atol: 1e-4 }).wrong).toBe(0);
  }
  model.dispose();
});
