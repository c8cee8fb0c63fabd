import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeNpy } from '../../../compiler/io/npy.ts';
import { writeTensorProto } from '../../../compiler/io/tensor-proto.ts';
import { smallInput, smallModel, smallOutput } from '../../house/small-model.ts';
import { f32 } from '../../runtime/models.ts';
import { softwareAdapter, wantedAdapter } from '../../webgpu/dawn.ts';
import { externalInitializer, modelBytes, node, valueInfo } from '../onnx/models.ts';
import { tilewright } from './tilewright.ts';

/** What commands that are started here find. */
const adapter = await softwareAdapter();

const x = f32([2, 3], smallInput);
const y = f32([2, 2], smallOutput);
const wrongY = f32([2, 2], [22.5, 1, 49.5, Number.NaN]);

const func = `# doubles
func @double(%x: f32[64]) -> (%y: f32[64]) {
  for i in 64 {
    block double(vi: spatial(64) = i) {
      %y[vi] = %x[vi] + %x[vi]
    }
  }
}
`;

let folder: string;
const at = (...path: readonly string[]) => join(folder, ...path);

async function tensors(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await mkdir(at(name));
  for (const [file, bytes] of Object.entries(files)) await writeFile(at(name, file), bytes);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-cli-'));
  await writeFile(at('small.onnx'), smallModel());
  await writeFile(at('double.tir'), func);
  await tensors('pb', { 'input_0.pb': writeTensorProto('x', x), 'output_0.pb': writeTensorProto('y', y) });
  await tensors('npy', { 'x.npy': writeNpy(x), 'y.npy': writeNpy(y) });
  await tensors('wrong', { 'output_0.pb': writeTensorProto('y', wrongY) });
  await tensors('nothing', {});
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function done(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tilewright(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

describe('compile', () => {
  test('says what it wrote, and dumps every stage', async () => {
    const said = await done('compile', at('small.onnx'), '-o', at('out'), '--dump-ir', at('dump'));
    expect(said).toMatch(/1 kernel calls, 1 distinct kernels/);
    for (const pattern of [
      /kernels\.wasm .*\d+/,
      /^peak memory of a run: \d\.\d\d MiB, \d+\.\d\d of 1\.5 x weights \+ largest live activations$/m,
      /^ {2}weights \d\.\d\d MiB, largest live activations \d\.\d\d MiB \(matmul\S*\), largest workspace 0\.00 MiB$/m,
      /compiler's peak memory: \d+ MiB/,
      /time: \d+ ms \(import \d+ ms/,
    ])
      expect(said).toMatch(pattern);
    expect((await readdir(at('out'))).sort()).toEqual([
      'index.d.ts',
      'index.js',
      'kernels.relaxed.wasm',
      'kernels.wasm',
      'manifest.json',
      'package.json',
      'runtime',
      'weights.bin',
    ]);
    expect((await readdir(at('dump'))).sort()).toEqual([
      '1-imported.tir',
      '2-fused.tir',
      '3-tensor',
      '4-scheduled',
      '5-lowered',
      '6-kernels.wat',
    ]);
    const manifest = JSON.parse(await readFile(at('out', 'manifest.json'), 'utf8'));
    expect(manifest.provenance.options).toEqual({ target: 'wasm', dims: {}, shapes: {}, parallel: 'auto' });
    expect(JSON.parse(await done('run', at('out'), '--inputs', at('npy'), '--json')).outputs.y.data).toEqual(
      smallOutput,
    );
  });

  test('takes a text as well', async () => {
    await writeFile(at('graph.tir'), await readFile(at('dump', '1-imported.tir')));
    expect(JSON.parse(await done('run', at('graph.tir'), '--inputs', at('npy'), '--json')).outputs.y.data).toEqual(
      smallOutput,
    );
  });
});

test('external data is read from files beside the model, whole or not at all', async () => {
  const weights = f32([2], [10, 20]);
  const model = (location: string) =>
    modelBytes({
      inputs: [valueInfo('x', [2])],
      initializers: [externalInitializer('w', weights, location, 4)],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      outputs: ['y'],
    });
  await writeFile(at('external.onnx'), model('w.bin'));
  await writeFile(at('w.bin'), new Uint8Array(Float32Array.of(0, 10, 20).buffer));
  await tensors('ones', { 'input_0.pb': writeTensorProto('x', f32([2], [1, 1])) });
  expect(await done('run', at('external.onnx'), '--inputs', at('ones'))).toBe('y: f32[2] = 11 21\n');
  await writeFile(at('w.bin'), new Uint8Array(8));
  expect((await tilewright(['run', at('external.onnx')])).stderr).toMatch(/needs 8 bytes at 4 of "w.bin", found 4/);
  await writeFile(at('elsewhere.onnx'), model('gone.bin'));
  expect((await tilewright(['run', at('elsewhere.onnx')])).stderr).toMatch(
    /^error: cannot read external data .*gone\.bin/,
  );
});

describe('run', () => {
  test.each(['pb', 'npy'])('reads inputs from .%s, and checks outputs', async (kind) => {
    const said = await done('run', at('small.onnx'), '--inputs', at(kind), '--check', at(kind));
    expect(said).toBe('y: f32[2, 2] = 22.5 0 49.5 0: matches\n');
  });

  test('a check that fails says which output, how many elements, the worst and where', async () => {
    const args = ['run', at('small.onnx'), '--inputs', at('pb'), '--check', at('wrong')];
    const { code, stdout, stderr } = await tilewright(args);
    expect(stdout).toBe(
      'y: f32[2, 2] = 22.5 0 49.5 0: FAILED, 2 of 4 elements differ, the worst at [1, 1]: 0 instead of NaN\n',
    );
    expect([code, stderr]).toEqual([1, '']);
    const { code: again, stdout: json } = await tilewright([...args, '--json']);
    expect(JSON.parse(json).outputs.y.check).toMatchObject({ wrong: 2, elements: 4, worst: { index: [1, 1] } });
    expect(again).toBe(1);
  });

  test('a check against nothing is no success', async () => {
    const { code, stderr } = await tilewright(['run', at('small.onnx'), '--check', at('nothing')]);
    expect(stderr).toMatch(/holds no output to compare with/);
    expect(code).toBe(1);
  });

  test('inputs that are not given are random, the same each time', async () => {
    const [first, second] = [await done('run', at('small.onnx')), await done('run', at('small.onnx'))];
    expect(first).toBe(second);
  });
});

describe('on a GPU', () => {
  /** What a command says; drivers speak on standard error. */
  const said = async (...args: readonly string[]) => (await tilewright(args)).stdout;

  test.skipIf(typeof adapter === 'string')('run and bench say that there is no such adapter', async () => {
    vi.stubEnv('TILEWRIGHT_WEBGPU_ADAPTER', 'no such');
    const { code, stderr } = await tilewright(['run', at('small.onnx'), '--device', 'webgpu']);
    vi.unstubAllEnvs();
    expect(stderr).toContain('no WebGPU adapter called no such (TILEWRIGHT_WEBGPU_ADAPTER)');
    expect(code).toBe(1);
  });

  test.skipIf(typeof adapter === 'string')(
    `run and bench compile for it, and load what was compiled for it${typeof adapter === 'string' ? `: ${adapter}` : ''}`,
    async () => {
      const check = ['--device', 'webgpu', '--inputs', at('pb'), '--check', at('pb')];
      expect(await said('run', at('small.onnx'), ...check)).toMatch(/: matches$/m);
      await said('compile', at('small.onnx'), '--target', 'webgpu', '-o', at('for-gpu'));
      expect(await said('run', at('for-gpu'), ...check)).toMatch(/: matches$/m);
      expect(await said('bench', at('for-gpu'), '--device', 'webgpu')).toMatch(
        new RegExp(` runs on ${wantedAdapter}`, 'i'),
      );
      expect((await tilewright(['run', at('for-gpu')])).stderr).toContain('compiled for WebGPU alone');
    },
  );
});

test('run and bench take a number of threads, and a model to divide along an axis', async () => {
  const onTwo = ['--threads', '2', '--parallel', 'channel'];
  expect(await done('run', at('small.onnx'), ...onTwo)).toBe(await done('run', at('small.onnx')));
  await expect(tilewright(['run', at('small.onnx'), '--threads', '65'])).resolves.toMatchObject({ code: 2 });
  await expect(tilewright(['bench', at('small.onnx'), '--threads', '0'])).resolves.toMatchObject({ code: 2 });
  await expect(tilewright(['compile', at('small.onnx'), '--parallel', 'depth'])).resolves.toMatchObject({ code: 2 });
});

test('bench prints its measures as JSON', { timeout: 60_000 }, async () => {
  const timing = JSON.parse(await done('bench', at('small.onnx'), '--json'));
  expect(Object.keys(timing)).toEqual(['medianMs', 'p90Ms', 'runs', 'threads', 'loadMs', 'firstRunMs', 'peakBytes']);
  for (const value of Object.values(timing)) expect(value).toBeGreaterThan(0);
  expect(timing.p90Ms).toBeGreaterThanOrEqual(timing.medianMs);
});

describe('inspect', () => {
  test.each([
    ['graph', /^graph @small\(%x: f32\[2, 3\]\)/],
    ['tensor', /^func @.*block/s],
    ['scheduled', /^func @.*for \S+ in 1 /s],
    ['lowered', /^func @(?!.*block)/s],
    ['wat', /^\(module/],
    ['counts', /kernel .* flops .*\n.*\n.* matmul_add_max .* 1 .* 32 .*\n.* all /],
  ])('--emit %s of a model', async (stage, pattern) => {
    expect(await done('inspect', at('small.onnx'), '--emit', stage)).toMatch(pattern);
  });

  test.each([
    ['tensor', /^func @double.*block/s],
    ['scheduled', /^func @double.*vectorized/s],
    ['lowered', /^func @double(?!.*block)/s],
    ['wat', /\(export "double"/],
    ['counts', / double .* 64 .* 512 .* 16 /],
  ])('--emit %s of a func', async (stage, pattern) => {
    expect(await done('inspect', at('double.tir'), '--emit', stage)).toMatch(pattern);
  });

  test('--emit counts as JSON, which no other stage gives', async () => {
    const [report] = JSON.parse(await done('inspect', at('double.tir'), '--emit', 'counts', '--json'));
    expect(report).toMatchObject({
      name: 'double',
      calls: 1,
      simd: { footprint: 512, counts: { flops: 64, loads: 16 } },
    });
    expect((await tilewright(['inspect', at('double.tir'), '--json'])).stderr).toMatch(/--json is for --emit counts/);
  });

  test('--emit wat of an artifact and of its kernels', async () => {
    await done('compile', at('small.onnx'), '-o', at('artifact'));
    const text = await done('inspect', at('artifact'), '--emit', 'wat');
    expect(text).toMatch(/^\(module/);
    expect(await done('inspect', at('artifact', 'kernels.wasm'), '--emit', 'wat')).toBe(text);
    expect((await tilewright(['inspect', at('artifact')])).stderr).toMatch(/only --emit wat/);
  });

  test('--kernel takes one, by a name that there is', async () => {
    const { code, stderr } = await tilewright(['inspect', at('small.onnx'), '--emit', 'tensor', '--kernel', 'nope']);
    const name = /there are: (\S+)/.exec(stderr)?.[1] ?? '';
    expect(code).toBe(1);
    expect(await done('inspect', at('small.onnx'), '--emit', 'tensor', '--kernel', name)).toContain(`func @${name}(`);
  });
});

describe('opt', () => {
  test('applies passes in order to a func', async () => {
    const text = await done('opt', at('double.tir'), '--passes', 'lower-blocks,flatten-buffers');
    expect(text).toMatch(/^func @double/);
    expect(text).not.toContain('block');
  });

  test('gives what it takes, for no pass', async () => {
    const text = await done('opt', at('double.tir'), '--passes', ',');
    expect(text).toBe(func.slice(func.indexOf('func')));
  });

  test('refuses a pass of the other IR', async () => {
    const { code, stderr } = await tilewright(['opt', at('double.tir'), '--passes', 'fuse']);
    expect(stderr).toMatch(/no pass is called fuse; there are: compact-buffers/);
    expect(code).toBe(1);
  });
});

test('conformance judges each test and counts', { timeout: 60_000 }, async () => {
  for (const [name, expected] of [
    ['right', y],
    ['wrong', wrongY],
  ] as const) {
    const test = at('suite', 'node', name);
    await mkdir(join(test, 'test_data_set_0'), { recursive: true });
    await writeFile(join(test, 'model.onnx'), smallModel());
    await writeFile(join(test, 'test_data_set_0', 'input_0.pb'), writeTensorProto('x', x));
    await writeFile(join(test, 'test_data_set_0', 'output_0.pb'), writeTensorProto('y', expected));
  }
  const { code, stdout } = await tilewright(['conformance', at('suite'), '--json', at('report.json')]);
  expect(stdout).toMatch(/^fail node\/wrong: test_data_set_0: output y: 2 of 4 elements differ/m);
  expect(stdout).toMatch(/Relu .* 1 .* 0 .* 1 /);
  expect(stdout).toMatch(/\n1 pass, 0 refused, 1 fail, of 2\n$/);
  expect(code).toBe(1);
  const report = JSON.parse(await readFile(at('report.json'), 'utf8'));
  expect(report.totals).toEqual({ pass: 1, refused: 0, fail: 1 });
  expect(report.operators.MatMul).toEqual({ pass: 1, refused: 0, fail: 1 });
  expect(await done('conformance', at('suite'), '--filter', 'right')).toMatch(/1 pass, 0 refused, 0 fail, of 1\n$/);
});
