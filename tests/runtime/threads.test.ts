import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import wabt from 'wabt';
import { type ArtifactFiles, compile, writeArtifact } from '../../compiler/index.ts';
import { load, type Model, ThreadError } from '../../runtime/index.ts';
import type { Manifest } from '../../runtime/manifest.ts';
import { withSharedMemory } from '../../runtime/shared-memory.ts';
import { arbitraryGraph } from '../generators/graph.ts';
import { artifactOf, f32, smallArtifact, smallX } from './models.ts';
import { rewritten, withMuchWork } from './rewritten.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 40);
const size = 320;
const square = f32(
  [size, size],
  Array.from({ length: size * size }, (_, i) => ((i * 7) % 13) - 6),
);

/** A product of some milliseconds, whose packing of an operand is a phase of its own. */
const largeArtifact = (): Promise<ArtifactFiles> =>
  artifactOf((graph) => {
    const [a, b] = [graph.input('a', 'f32', [size, size]), graph.input('b', 'f32', [size, size])];
    return graph.op('matmul', [a, b], { transA: false, transB: false });
  });

let files: ArtifactFiles;
beforeAll(async () => {
  files = await largeArtifact();
});
const inputs = { a: square, b: square };

/** Node's workers that a test has started. */
const started: Worker[] = [];
const workerThreads = process.getBuiltinModule('node:worker_threads');
const { Worker: NodeWorker } = workerThreads;
const models: Model[] = [];

async function loadWatched(source: ArtifactFiles, threads: number): Promise<Model> {
  started.length = 0;
  workerThreads.Worker = class extends NodeWorker {
    constructor(...args: ConstructorParameters<typeof NodeWorker>) {
      super(...args);
      started.push(this);
    }
  };
  try {
    const model = await load(source, { threads });
    models.push(model);
    return model;
  } finally {
    workerThreads.Worker = NodeWorker;
  }
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
  vi.unstubAllGlobals();
});

describe('several threads', () => {
  test('compute to the bit what one does, in models of any operators', { timeout: 3_600_000 }, async () => {
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryGraph({ maxSteps: 14 }), fc.integer({ min: 2, max: 4 }), async (program, threads) => {
        const source = withMuchWork((await compile(program.graph)).files);
        const [one, several] = [await load(source), await load(source, { threads })];
        try {
          if (several.info().threads > 1) shared++;
          const expected = await one.run(program.inputs);
          for (let run = 0; run < 3; run++) expect(await several.run(program.inputs)).toEqual(expected);
        } finally {
          several.dispose();
        }
      }),
      { numRuns: runs },
    );
    expect(shared).toBeGreaterThan(runs / 2);
  });

  test('share a kernel of several phases, with workspaces of their own', async () => {
    const rows = 64;
    const source = withMuchWork(
      await artifactOf((graph) => {
        const x = graph.input('x', 'f32', [rows, 40]);
        const e = graph.op('exp', [x], {});
        const sum = graph.op('reduce_sum', [e], { axes: [1], keepDims: true });
        return graph.op('div', [e, sum], {});
      }),
    );
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(source['manifest.json']));
    expect(manifest.memory.thread).toBeGreaterThan(0);
    const model = await loadWatched(source, 3);
    const one = await load(source);
    const x = f32(
      [rows, 40],
      Array.from({ length: rows * 40 }, (_, i) => Math.sin(i)),
    );
    for (let run = 0; run < 20; run++) expect(await model.run({ x })).toEqual(await one.run({ x }));
  });

  test('are what info says, and started by load', async () => {
    const model = await loadWatched(files, 3);
    expect(model.info()).toMatchObject({ threads: 3 });
    expect(model.info().oneThreadBecause).toBeUndefined();
    expect(started).toHaveLength(3);
    expect((await load(files)).info()).toMatchObject({ threads: 1 });
  });

  test('take runs that are started at the same time one after the other', async () => {
    const model = await loadWatched(files, 2);
    const one = await load(files);
    const a = f32([size, size], Array.from(square.data));
    const factors = [1, 2, 3, 4];
    const results = factors.map((factor) => {
      a.data.set(square.data.map((value) => value * factor));
      return model.run({ a, b: square });
    });
    for (const [i, result] of (await Promise.all(results)).entries()) {
      const scaled = f32(
        [size, size],
        Array.from(square.data, (value) => value * (factors[i] as number)),
      );
      expect(await one.run({ a: scaled, b: square })).toEqual(result);
    }
  });

  test('sleep between runs', async () => {
    const model = await loadWatched(files, 2);
    await model.run(inputs);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(100);
  });
});

describe('one thread', () => {
  test.each([0, 65, 1.5, Number.NaN, -1])('no number of threads is %s', async (threads) => {
    await expect(load(files, { threads })).rejects.toThrow(
      new RangeError(`threads must be a whole number from 1 to 64, but is ${threads}`),
    );
  });

  test('is all there is without an isolated page', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const { threads, oneThreadBecause } = (await load(files, { threads: 2 })).info();
    expect([threads, oneThreadBecause]).toEqual([1, 'the page is not cross-origin isolated']);
  });

  test('is all there is without SharedArrayBuffer', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const { threads, oneThreadBecause } = (await load(files, { threads: 2 })).info();
    expect([threads, oneThreadBecause]).toEqual([1, 'this host has no SharedArrayBuffer']);
  });

  test('runs kernels that are compiled already', async () => {
    const kernels = await WebAssembly.compile(files['kernels.wasm'] as BufferSource);
    const { threads, oneThreadBecause } = (await load(files, { kernels, threads: 2 })).info();
    expect([threads, oneThreadBecause]).toEqual([1, 'kernels that are compiled already take no shared memory']);
  });

  test('runs a model that is too small to share', async () => {
    const model = await loadWatched(await smallArtifact(), 2);
    expect(model.info()).toMatchObject({
      threads: 1,
      oneThreadBecause: 'no kernel of the model has enough work to share',
    });
    expect(started).toHaveLength(0);
    expect((await model.run({ x: smallX }))['y']?.data).toHaveLength(4);
  });
});

describe('the end of a thread', () => {
  test('dispose ends all, and a run that is not over', async () => {
    const model = await loadWatched(files, 2);
    const exits = started.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    const run = model.run(inputs);
    await Promise.resolve();
    model.dispose();
    await expect(run).rejects.toThrow(/disposed of/);
    await Promise.all(exits);
    await expect(model.run(inputs)).rejects.toThrow('model test was disposed of');
  });

  test.each([0, 1])('thread %i that ends during runs is an error, and stays one', async (thread) => {
    const model = await loadWatched(files, 2);
    const untilError = async (): Promise<void> => {
      for (;;) await model.run(inputs);
    };
    setTimeout(() => void started[thread]?.terminate(), 20);
    await expect(untilError()).rejects.toThrow(ThreadError);
    await expect(model.run(inputs)).rejects.toThrow(/a thread of the model ended/);
  });

  test('a kernel that fails on any thread is an error', async () => {
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']));
    const kernels = new Map(manifest.plan.map((step) => [step.kernel, step.operands.length + (step.parallel ? 2 : 0)]));
    const text = [...kernels].map(
      ([name, count]) => `(func (export ${JSON.stringify(name)}) (param ${'i32 '.repeat(count)}) unreachable)`,
    );
    const module = `(module (import "env" "memory" (memory 1 65536)) ${text.join(' ')})`;
    const bytes = (await wabt()).parseWat('kernels.wat', module).toBinary({}).buffer;
    const broken = rewritten(files, { 'kernels.wasm': bytes, 'kernels.relaxed.wasm': bytes });
    const model = await loadWatched(broken, 2);
    await expect(model.run(inputs)).rejects.toThrow(/a kernel failed: .*unreachable/);
  });

  test('a thread that cannot be started is an error', async () => {
    workerThreads.Worker = function refuse() {
      throw new Error('no more threads');
    } as unknown as typeof NodeWorker;
    try {
      await expect(load(files, { threads: 2 })).rejects.toThrow(
        new ThreadError('a thread of the model ended: no more threads'),
      );
    } finally {
      workerThreads.Worker = NodeWorker;
    }
  });
});

describe('a process', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tilewright-threads-'));
    await writeArtifact(files, join(folder, 'model'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['that has disposed of the model', 'model.dispose();'],
    ['that has not', ''],
  ])('%s ends by itself, and waits for runs until then', async (_, end) => {
    const program = `
      import { load } from './model/index.js';
      const model = await load({ threads: 2 });
      const data = new Float32Array(${size * size}).fill(1);
      const x = { dtype: 'f32', shape: [${size}, ${size}], data };
      const { y } = await model.run({ a: x, b: x });
      console.log(model.info().threads, y.data[7]);
      ${end}
    `;
    await writeFile(join(folder, 'main.mjs'), program);
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder, timeout: 20_000 });
    expect(stdout).toBe(`2 ${size}\n`);
  });
});

describe('kernels for a shared memory', () => {
  test('are the file with one bit set', async () => {
    const kernels = files['kernels.wasm'] as Uint8Array;
    const shared = withSharedMemory(kernels);
    const changed = [...shared.keys()].filter((i) => shared[i] !== kernels[i]);
    expect(changed.map((i) => [kernels[i], shared[i]])).toEqual([[1, 3]]);
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
    const module = await WebAssembly.compile(shared as BufferSource);
    await expect(WebAssembly.instantiate(module, { env: { memory } })).resolves.toBeDefined();
    const plain = await WebAssembly.compile(kernels as BufferSource);
    await expect(WebAssembly.instantiate(plain, { env: { memory } })).rejects.toThrow(WebAssembly.LinkError);
  });

  test('have their memory as the first import', () => {
    const other = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 2, 7, 1, 1, 101, 1, 102, 0, 0);
    expect(() => withSharedMemory(other)).toThrow('the first import of the kernels is not their memory');
  });
});
