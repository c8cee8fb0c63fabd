import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, importOnnx, writeArtifact } from '../../../compiler/index.ts';
import { smallModel } from '../../house/small-model.ts';
import { artifactWith } from '../../runtime/choose/models.ts';

const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-typings-'));
  await writeArtifact((await compile(importOnnx(smallModel()))).files, join(folder, 'model'));
  await writeArtifact(await artifactWith('first'), join(folder, 'variants'));
  const { files } = await compile(importOnnx(smallModel()), { targets: ['wasm', 'webgpu'] });
  await writeArtifact(files, join(folder, 'gpu'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the type checker says of a program beside the artifact; the declarations themselves are checked too. */
async function check(program: string): Promise<string> {
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
  };
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  await writeFile(join(folder, 'consumer.ts'), program);
  return promisify(execFile)(process.execPath, [tsc, '--project', folder]).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}

test('inputs and outputs are typed by their names', async () => {
  const program = `
import { ArtifactError, load, type Model, type Tensor } from './model/index.js';
import { load as loadAny } from './model/runtime/index.js';

const model = await load();
const x: Tensor<Float32Array> = { dtype: 'f32', shape: [2, 3], data: new Float32Array(6) };
const { y } = await model.run({ x });
const first: number | undefined = y.data[0];
const any: Model = await loadAny('somewhere', {});
const { z } = await any.run({ x });
const error: Error = new ArtifactError('text');
export { error, first, z };
`;
  expect(await check(program)).toBe('');
});

test('what runs on a GPU is typed', async () => {
  const program = `
import { GpuError, load, webgpu, type GpuTensor } from './gpu/index.js';

const model = await load({ device: webgpu({ onProgress: (done, total) => console.log(done / total) }) });
const x = { dtype: 'f32', shape: [2, 3], data: new Float32Array(6) } as const;
const { y } = await model.run({ x }, { outputs: 'gpu' });
const onGpu: GpuTensor = y;
const { y: last } = await model.run({ x: { ...x, data: onGpu.data } });
const first: number | undefined = last.data[0];
const { adapter, dispatches, pipelines } = model.info().gpu;
await model.restore({ device: model.device });
const onProcessor = await load();
// @ts-expect-error: to be refused, since a model on the processor has no outputs on a GPU.
await onProcessor.run({ x }, { outputs: 'gpu' });
export { adapter, dispatches, first, GpuError, pipelines };
`;
  expect(await check(program)).toBe('');
});

test('what chooses among variants is typed', async () => {
  const program = `
import { load, type VariantChoice } from './variants/index.js';
import { fastestVariant } from './variants/runtime/choose/index.js';

const model = await load({ choose: fastestVariant({ budget: 50, cache: 'somewhere' }) });
const choice: VariantChoice | undefined = model.info().variant;
await load({ choose: async ({ variants: [first] }) => (first === undefined ? model : first.load()) });
await load({ choose: fastestVariant({ budget: '50' }) });
export { choice };
`;
  expect(await check(program)).toMatch(/^\S*consumer\.ts\(8,\d+\): error[^\n]*\n$/);
});

test('an input that the model lacks, and one of another type, are mistakes', async () => {
  const program = `
import { load } from './model/index.js';
const model = await load();
await model.run({ images: { dtype: 'f32', shape: [1], data: new Float32Array(1) } });
await model.run({ x: { dtype: 'f32', shape: [1], data: new Int8Array(1) } });
`;
  const said = await check(program);
  expect(said).toMatch(/consumer\.ts\(4,\d+\): error/);
  expect(said).toMatch(/consumer\.ts\(5,\d+\): error/);
});
