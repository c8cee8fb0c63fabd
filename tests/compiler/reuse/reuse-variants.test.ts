import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { variantLines } from '../../../compiler/cli/variant-lines.ts';
import { type ArtifactFiles, compile } from '../../../compiler/index.ts';
import { compareTensors, describeDifference } from '../../../compiler/io/compare.ts';
import { randomTensor } from '../../../compiler/io/random-inputs.ts';
import type { KernelSource } from '../../../compiler/kernels.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { randomSource } from '../../../ir/random.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { load, type Tensor } from '../../../runtime/index.ts';
import type { Manifest } from '../../../runtime/manifest.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { arbitraryKernelGraph } from '../../generators/kernel-graph.ts';
import { denseLayer } from '../tune/graphs.ts';
import { byPrior, candidatesOf, profile, recordOf, sourcesOf } from './records.ts';
import { on, phone, tablet } from './variants.ts';

/** Two dense layers, one after the other, with a bias each. */
function twoLayers(): Graph {
  const next = randomSource(1);
  const b = new GraphBuilder('layers');
  const random = (shape: readonly number[]): Value => b.constant(randomTensor({ dtype: 'f32', shape }, next), 'w');
  const layer = (x: Value, inputs: number, outputs: number): Value => {
    const product = b.op('matmul', [x, random([inputs, outputs])], { transA: false, transB: false });
    return b.op('tanh', [b.op('add', [product, random([outputs])], {})], {});
  };
  b.output('y', layer(layer(b.input('x', 'f32', [20, 24]), 24, 40), 40, 48));
  return b.finish();
}

const graph = twoLayers();
const [one, two] = sourcesOf(graph) as [KernelSource, KernelSource];
const x = randomTensor({ dtype: 'f32', shape: [20, 24] }, randomSource(3));

/** A schedule that packs the weights in panels of so many vectors. */
const packedBy = (source: KernelSource, vectors: number): Candidate => {
  const found = candidatesOf(source, 60).find(
    ({ decisions }) => decisions.get('matmul.vectors') === vectors && decisions.get('matmul.streams') === 1,
  );
  if (found === undefined) throw new Error(`some schedules pack by ${vectors}`);
  return found;
};

async function storeOf(records: readonly TuningRecord[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.add([one, two].map(workloadRow), records);
  return store;
}

const compileFor = async (store: MemoryStore, variants?: number) =>
  compile(graph, { reuse: { store, profile, ...(variants !== undefined && { variants }) } });

const manifestIn = (files: ArtifactFiles, name = 'manifest.json'): Manifest =>
  JSON.parse(new TextDecoder().decode(files[name]));

const devicesOf = (files: ArtifactFiles) => manifestIn(files).variants?.map(({ device }) => device);

const runVariant = async (files: ArtifactFiles, at: number, inputs: Readonly<Record<string, Tensor>>, more = {}) => {
  const model = await load(files, { ...more, choose: ({ variants }) => (variants[at] as (typeof variants)[0]).load() });
  const outputs = await model.run(inputs);
  model.dispose();
  return outputs;
};

/** The first layer is the same everywhere, the weights of the second have a packing for each. */
const records = [
  ...[profile, phone, tablet].map((device) => recordOf(one, packedBy(one, 2), 1, on(device))),
  ...[profile, phone, tablet].map((device, i) => recordOf(two, packedBy(two, i + 1), 1, on(device))),
];

describe('variants of a model', () => {
  test('are for the kind of device that is asked for, and then for those that most is known of', async () => {
    const known = await storeOf(records.filter((record) => record.device !== phone.device || record !== records[1]));
    const { files } = await compileFor(known, 2);
    expect(devicesOf(files)).toEqual([profile.device.class, tablet.device.class]);
    expect(devicesOf((await compileFor(known, 9)).files)).toEqual(
      [profile, tablet, phone].map(({ device }) => device.class),
    );
  });

  test('each compute what the graph means, on one thread and on two', async () => {
    const { files } = await compileFor(await storeOf(records), 3);
    const expected = interpretGraph(graph, { x });
    for (const at of [0, 1, 2])
      for (const more of [{}, { relaxedSimd: false }, { threads: 2 }]) {
        const { y } = await runVariant(files, at, { x }, more);
        const difference = compareTensors(y as TensorData, expected['y'] as TensorData, { rtol: 1e-5, atol: 1e-5 });
        expect(difference.wrong, describeDifference(difference)).toBe(0);
      }
  });

  test('share the weights that they pack alike, and each reads no others', async () => {
    const { files, variants } = await compileFor(await storeOf(records), 3);
    const [bias, weights] = [4 * (40 + 48), 4 * 24 * 40];
    const sizes = (at: number) => variants[at]?.layout.weights.map(({ file, bytes }) => [file, bytes.length]);
    expect(sizes(0)).toEqual([
      ['weights.bin', weights + Math.ceil(bias / 64) * 64],
      ['weights.0.bin', 4 * 40 * 48],
    ]);
    expect(sizes(2)?.map(([file]) => file)).toEqual(['weights.bin', 'weights.2.bin']);
    const { 'weights.0.bin': _, 'weights.1.bin': __, ...others } = files;
    expect((await runVariant(others, 2, { x }))['y']).toEqual((await runVariant(files, 2, { x }))['y']);
  });

  test('have files that some of them share, and no other', async () => {
    const packings = [2, 2, 3];
    const some = [profile, phone, tablet].flatMap((device, i) => [
      recordOf(one, packedBy(one, i + 1), 1, on(device)),
      recordOf(two, packedBy(two, packings[i] ?? 0), 1, on(device)),
    ]);
    const { variants } = await compileFor(await storeOf(some), 3);
    const names = variants.map(({ layout }) => layout.weights.map(({ file }) => file));
    expect(names).toEqual([
      ['weights.bin', 'weights.0-1.bin', 'weights.0.bin'],
      ['weights.bin', 'weights.0-1.bin', 'weights.1.bin'],
      ['weights.bin', 'weights.2.bin'],
    ]);
  });

  test('are one where their kernels agree: the artifact is that of no variants', async () => {
    const same = [profile, phone, tablet].flatMap((device) => [
      recordOf(one, packedBy(one, 2), 1, on(device)),
      recordOf(two, packedBy(two, 2), 1, on(device)),
    ]);
    const { files, variants } = await compileFor(await storeOf(same), 3);
    expect(variants).toHaveLength(1);
    expect(files).toEqual((await compileFor(await storeOf(same))).files);
    expect(Object.keys(files).filter((name) => name.includes('choose'))).toEqual([]);
  });

  test('are as many as are asked for, and the first is that of no variants', async () => {
    const store = await storeOf(records);
    const plain = (await compileFor(store)).files;
    expect((await compileFor(store, 1)).files).toEqual(plain);
    const { files } = await compileFor(store, 2);
    expect(manifestIn(files).variants).toHaveLength(2);
    expect((await load(files)).info()).toEqual((await load(plain)).info());
    expect(files['kernels.wasm']).toEqual(plain['kernels.wasm']);
  });

  test('come from records of a near shape, too', async () => {
    const near = denseLayer([30, 24, 40]);
    const [source] = sourcesOf(near) as [KernelSource];
    const drawn = await byPrior(candidatesOf(source, 60));
    const measured = [phone, tablet].map((device, i) => {
      const best = drawn.findLast(({ decisions }) => decisions.get('matmul.vectors') === i + 2);
      return recordOf(source, best as Candidate, 1, on(device));
    });
    const store = new MemoryStore();
    await store.add([workloadRow(source)], measured);
    const { files } = await compile(denseLayer([44, 24, 40]), { reuse: { store, profile, variants: 3 } });
    // This kind of device has no record of its own: it takes that of the tablet, which has its engine.
    expect(devicesOf(files)).toEqual([profile.device.class, phone.device.class]);
  });
});

describe('an artifact with variants', () => {
  test('has the same bytes each time', async () => {
    const [a, b] = [
      await compileFor(await storeOf(records), 3),
      await compileFor(await storeOf(records.toReversed()), 3),
    ];
    expect(b.files).toEqual(a.files);
  });

  test('has a manifest for each, as the schema says, and lists every file with its size', async () => {
    const { files } = await compileFor(await storeOf(records), 3);
    const schema = JSON.parse(readFileSync(new URL('../../../runtime/manifest.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
    for (const { manifest } of manifestIn(files).variants ?? []) {
      validate(manifestIn(files, manifest));
      expect(validate.errors).toBeNull();
      for (const [name, { bytes }] of Object.entries(manifestIn(files, manifest).files))
        expect(files[name]?.length).toBe(bytes);
    }
    expect(Object.keys(manifestIn(files).files)).toEqual(Object.keys(files).filter((name) => name !== 'manifest.json'));
    expect(manifestIn(files, 'manifest.1.json')).not.toHaveProperty('variants');
    const wrong = { ...manifestIn(files), variants: [{ device: 'x64', manifest: 'manifest.json' }] };
    expect(validate(wrong)).toBe(false);
  });

  test('says for what each variant is, and what it adds', async () => {
    const { files, variants } = await compileFor(await storeOf(records), 3);
    const lines = variantLines({ files, variants });
    const added = ['manifest.1.json', 'kernels.1.wasm', 'kernels.relaxed.1.wasm', 'weights.1.bin'];
    const bytes = added.reduce((sum, name) => sum + (files[name]?.length ?? Number.NaN), 0);
    expect(lines.slice(0, 3)).toEqual([
      '3 variants, of which the runtime can choose:',
      '  x64-simd128-relaxed-simd, v8 13.6: 2 of 2 kernels were measured there',
      `  arm64-simd128, jsc 620.1: 2 of 2 kernels were measured there; adds ${bytes} bytes`,
    ]);
    expect(variantLines(await compileFor(await storeOf(records)))).toEqual([]);
  });
});

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 25);

test('variants of any model compute what the interpreter does', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryKernelGraph(), async ({ graph: model, inputs, isExact }) => {
      const store = new MemoryStore();
      const kernels = sourcesOf(model);
      const measured = kernels.flatMap((kernel) =>
        candidatesOf(kernel, 3).map((drawn, i) => recordOf(kernel, drawn, 1, on([profile, phone, tablet][i] ?? phone))),
      );
      await store.add(kernels.map(workloadRow), measured);
      const { files } = await compile(model, { reuse: { store, profile, variants: 3 } });
      const isHalf = model.nodes.some(({ outputs }) => outputs.some(({ type }) => type.dtype === 'f16'));
      const tolerance = isExact ? 0 : isHalf ? 2e-2 : 1e-3;
      for (const at of (manifestIn(files).variants ?? []).keys())
        for (const [name, tensor] of Object.entries(await runVariant(files, at, inputs as Record<string, Tensor>))) {
          const expected = interpretGraph(model, inputs)[name] as TensorData;
          const difference = compareTensors(tensor, expected, { rtol: tolerance, atol: tolerance });
          expect(difference.wrong, describeDifference(difference)).toBe(0);
        }
    }),
    { numRuns: runs },
  );
});
