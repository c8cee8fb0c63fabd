import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { softwareAdapter } from '../../webgpu/dawn.ts';
import { tilewright } from './tilewright.ts';

const dense = `graph @dense(%x: f32[8, 32]) -> ("y" = %y) {
  constant %bias: f32[4] = [0.5, -1, 2, 0]
  constant %zero: f32[] = [0]
  %w: f32[32, 4] = iota() {shape = [32, 4], axis = 0, dtype = "f32"}
  %product: f32[8, 4] = matmul(%x, %w) {transA = false, transB = false}
  %sum: f32[8, 4] = add(%product, %bias)
  %relu: f32[8, 4] = max(%sum, %zero)
  %rows: f32[4, 8] = reshape(%relu) {shape = [4, 8]}
  %y: f32[4] = reduce_sum(%rows) {axes = [1], keepDims = false}
}
`;

const large = `graph @large(%x: f32[256, 256]) -> ("y" = %y) {
  %y: f32[256, 256] = matmul(%x, %x) {transA = false, transB = false}
}
`;

/** Sets VK_ICD_FILENAMES for the commands as well. */
const adapter = await softwareAdapter();
const onGpu = typeof adapter === 'string' ? ` (skipped: ${adapter})` : '';
process.env['XDG_RUNTIME_DIR'] ??= tmpdir();

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-profile-'));
  await writeFile(at('dense.tir'), dense);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const readTrace = async (name: string): Promise<readonly TraceEvent[]> =>
  (JSON.parse(await readFile(at(name), 'utf8')) as { readonly traceEvents: readonly TraceEvent[] }).traceEvents;

describe('profile', () => {
  test('tells the kernels of a model with rates against the limits, and writes a trace', async () => {
    const { code, stdout, stderr } = await tilewright([
      ...['profile', at('dense.tir'), '--runs', '3', '--trace', at('trace.json')],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^wasm: V8 [\d.]+.*, one thread of /);
    expect(stdout).toMatch(/^a run takes [\d.]+ ms; its kernels [\d.]+ ms, medians of 3 runs/m);
    expect(stdout).toMatch(/^limits: [\d.]+ GFLOP\/s in registers; copies [\d.]+ GB\/s of 32 KiB, /m);
    expect(stdout).toMatch(/matmul_add_max\S* +│ f32\[8, 4\] +│ +1 │ .* % │ .* % │ (arithmetic|memory)/);
    const events = await readTrace('trace.json');
    const slices = events.filter(({ ph }) => ph === 'X');
    expect(slices.map(({ name }) => name)).toEqual([
      'run',
      expect.stringMatching(/^matmul/),
      'reduce_sum',
      'reduce_sum/2',
    ]);
    expect(slices[1]?.args).toMatchObject({
      operators: 'matmul add max',
      inputs: 'f32[8, 32] f32[32, 4] f32[4]',
      outputs: 'f32[8, 4]',
    });
    const [run, ...kernels] = slices;
    for (const { ts = 0, dur = 0 } of kernels) expect(ts + dur).toBeLessThanOrEqual((run?.dur ?? 0) + 1e-3);
  });

  test('times a compiled folder, of which no more is known', async () => {
    await tilewright(['compile', at('dense.tir'), '-o', at('out')]);
    const { code, stdout } = await tilewright(['profile', at('out'), '--runs', '2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/matmul_add_max\S* +│ +│ +1 │ .* % │ +│ +│ +│ +│/);
  });

  test('times kernels that threads share, against what as many threads reach', async () => {
    await writeFile(at('large.tir'), large);
    const { code, stdout, stderr } = await tilewright([
      ...['profile', at('large.tir'), '--threads', '2', '--runs', '3', '--trace', at('threads.json')],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^wasm: V8 [\d.]+.*, 2 threads of /);
    expect(stdout).toMatch(/copies [\d.]+ GB\/s of 64 KiB, /);
    const slices = (await readTrace('threads.json')).filter(({ ph }) => ph === 'X');
    expect(slices.map(({ name }) => name)).toEqual(['run', 'matmul', 'matmul/2']);
    const small = await tilewright(['profile', at('dense.tir'), '--threads', '2', '--runs', '3']);
    expect(small.stdout).toContain('one thread (no kernel of the model has enough work to share) of ');
  });

  test('refuses devices that there are not', async () => {
    const { code, stderr } = await tilewright(['profile', at('dense.tir'), '--device', 'npu']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Expected some of wasm, webgpu')]);
  });

  test.skipIf(onGpu !== '')(
    `has a track for each device${onGpu}`,
    async () => {
      const { code, stdout } = await tilewright([
        ...['profile', at('dense.tir'), '--device', 'wasm,webgpu', '--runs', '2', '--trace', at('both.json')],
      ]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^webgpu: /m);
      expect(stdout).toContain("the device's clock around each dispatch of a run");
      const names = (await readTrace('both.json')).filter(({ name }) => name === 'thread_name');
      expect(names.map(({ tid, args }) => [tid, String(args['name']).split(':')[0]])).toEqual([
        [1, 'wasm'],
        [2, 'webgpu'],
      ]);
    },
    120_000,
  );
});

describe('diff', () => {
  test('says that all groups agree, and by how much errors grow', async () => {
    const { code, stdout, stderr } = await tilewright(['diff', at('dense.tir'), '--accumulate', '--seed', '7']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^wasm: 2 of 2 groups agree, \|a − b\| ≤ 0\.0001·max\(1, rms\) \+ 0\.001·\|b\|$/m);
    expect(stdout).toMatch(/^ +error +accumulated +group$/m);
  });

  test('reports the first group that differs, and exits with 1', async () => {
    const { code, stdout } = await tilewright([
      ...['diff', at('dense.tir'), '--rtol', '0', '--atol', '0', '--save', at('kernels')],
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^wasm diverges from the interpreter at group \d of 2, /m);
    expect(stdout).toMatch(/^ +operands +%\S+ +f32\[.*\] +\S+ … \S+, rms \S+/m);
    expect(stdout).toMatch(/^ +worst +\[\d.*\]: \S+ instead of \S+, \|a − b\| = /m);
    expect(stdout).toMatch(/^kernel \S+ \(wat/m);
    const [file = ''] = await readdir(at('kernels'));
    expect(await readFile(join(at('kernels'), file), 'utf8')).toMatch(/^\(module/);
  });

  test('needs the interpreter, which the others are compared with', async () => {
    const { code, stderr } = await tilewright(['diff', at('dense.tir'), '--devices', 'wasm']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Expected interpreter')]);
  });

  test.skipIf(onGpu !== '')(`runs on a GPU as well${onGpu}`, async () => {
    const { code, stdout } = await tilewright([
      ...['diff', at('dense.tir'), '--devices', 'wasm,webgpu,interpreter', '--accumulate'],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^webgpu: \d of \d groups agree/m);
  });
});
