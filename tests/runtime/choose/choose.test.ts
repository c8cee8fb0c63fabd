import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ArtifactFiles, writeArtifact } from '../../../compiler/index.ts';
import { compareTensors } from '../../../compiler/io/compare.ts';
import { randomTensor } from '../../../compiler/io/random-inputs.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { randomSource } from '../../../ir/random.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { fastestVariant } from '../../../runtime/choose/index.ts';
import { type LoadOptions, load, type Model } from '../../../runtime/index.ts';
import { smallArtifact } from '../models.ts';
import { artifactWith, graph, inputShape, names } from './models.ts';

/** Enough on a machine that has other things to do. */
const budget = 500;

let folder: string;
let slowFirst: ArtifactFiles;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-choose-'));
  slowFirst = await artifactWith('second');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let caches = 0;
const newCache = (): string => join(folder, 'caches', `${caches++}`);

const loadFrom = (files: ArtifactFiles, cache: string, more: LoadOptions = {}): Promise<Model> =>
  load(files, { ...more, choose: fastestVariant({ budget, cache }) });

/** On a machine that does other things, times may not settle within the budget. */
async function untilTimed(
  once: (cache: string) => Promise<Model>,
): Promise<{ readonly model: Model; readonly cache: string }> {
  for (;;) {
    const cache = newCache();
    const model = await once(cache);
    if (choiceOf(model).because === 'timed') return { model, cache };
    model.dispose();
  }
}

const timed = (files: ArtifactFiles, more?: LoadOptions) => untilTimed((cache) => loadFrom(files, cache, more));

const choiceOf = (model: Model) => {
  const { variant } = model.info();
  if (variant === undefined) throw new Error('it was chosen');
  return variant;
};

/** With all entries of a cache replaced. */
async function rewrite(cache: string, text: string): Promise<void> {
  for (const name of await readdir(cache)) await writeFile(join(cache, name), text);
}

describe('of two variants', () => {
  test.each(['first', 'second'] as const)('the faster is taken, if it is the %s', async (fastest) => {
    const files = fastest === 'second' ? slowFirst : await artifactWith('first');
    const { name, because, timings, spentMs } = choiceOf((await timed(files)).model);
    expect([name, because]).toEqual([names[fastest], 'timed']);
    expect(timings.map((timing) => timing.name).toSorted()).toEqual(Object.values(names).toSorted());
    for (const { runs, ms } of timings) expect([runs >= 3, ms !== undefined && ms > 0]).toEqual([true, true]);
    expect(spentMs).toBeLessThan(2 * budget);
  });

  test('the faster is taken on two threads', async () => {
    const { model } = await timed(slowFirst, { threads: 2 });
    expect(choiceOf(model)).toMatchObject({ name: names.second, because: 'timed' });
    expect(model.info().threads).toBe(2);
    model.dispose();
  });

  test('what is taken is warm, and computes what the graph means', async () => {
    const x = randomTensor({ dtype: 'f32', shape: inputShape }, randomSource(5));
    const [expected] = Object.values(interpretGraph(graph, { x })) as [TensorData];
    const { y } = await (await timed(slowFirst)).model.run({ x });
    expect(compareTensors(y as TensorData, expected, { rtol: 1e-4, atol: 1e-4 }).wrong).toBe(0);
  });

  test('the first is taken where nobody chooses, or kernels are given', async () => {
    const kernels = await WebAssembly.compile(slowFirst['kernels.wasm'] as BufferSource);
    for (const model of [await load(slowFirst), await loadFrom(slowFirst, newCache(), { kernels })])
      expect(model.info()).not.toHaveProperty('variant');
  });

  test('the first is taken without a budget', async () => {
    const cache = newCache();
    const choose = fastestVariant({ budget: 0, cache });
    const reasons: string[] = [];
    for (let time = 0; time < 4; time++) {
      const { name, because, spentMs } = choiceOf(await load(slowFirst, { choose }));
      expect([name, spentMs]).toEqual([names.first, 0]);
      reasons.push(because);
    }
    expect(reasons).toEqual(['unsettled', 'unsettled', 'unsettled', 'remembered']);
  });
});

describe('what was chosen', () => {
  test('is remembered: nothing is timed, and nothing read but what it needs', async () => {
    const { cache } = await timed(slowFirst);
    const { 'kernels.wasm': _, 'kernels.relaxed.wasm': __, 'weights.0.bin': ___, ...others } = slowFirst;
    const model = await loadFrom(others, cache);
    expect(choiceOf(model)).toEqual({ name: names.second, because: 'remembered', timings: [], spentMs: 0 });
    expect((await model.run({ x: randomTensor({ dtype: 'f32', shape: inputShape }, () => 0.5) }))['y']).toBeDefined();
  });

  test.each([
    ['no JSON', '{"variant":'],
    ['empty', ''],
    ['null', 'null'],
    ['a variant that there is not', '{"variant":2,"settled":true,"tries":1}'],
    ['of another form', '{"variant":"second","settled":true,"tries":1}'],
  ])('is found out again where what is remembered is %s', async (_, text) => {
    const cache = newCache();
    await loadFrom(slowFirst, cache);
    await rewrite(cache, text);
    expect(choiceOf(await loadFrom(slowFirst, cache)).because).not.toBe('remembered');
    expect(JSON.parse(await readFile(join(cache, (await readdir(cache))[0] ?? ''), 'utf8'))).toMatchObject({
      tries: 1,
    });
  });

  test('is found out each time where it cannot be remembered', async () => {
    await writeFile(join(folder, 'file'), '');
    for (let time = 0; time < 2; time++)
      expect(choiceOf(await loadFrom(slowFirst, join(folder, 'file', 'cache'))).because).not.toBe('remembered');
  });

  test('holds for the threads, the kernels and the artifact that were asked for', async () => {
    const { cache } = await timed(slowFirst);
    for (const more of [{ threads: 2 }, { relaxedSimd: false }]) {
      const model = await loadFrom(slowFirst, cache, more);
      expect(choiceOf(model).because).not.toBe('remembered');
      model.dispose();
    }
    expect(choiceOf(await loadFrom(await artifactWith('first'), cache)).because).not.toBe('remembered');
    expect(await readdir(cache)).toHaveLength(4);
    expect(choiceOf(await loadFrom(slowFirst, cache)).because).toBe('remembered');
  });

  test('is kept in the folder that the system has for such things', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    const variable = { linux: 'XDG_CACHE_HOME', win32: 'LOCALAPPDATA', darwin: 'HOME' }[process.platform as 'linux'];
    vi.stubEnv(variable, home);
    try {
      await untilTimed(() => load(slowFirst, { choose: fastestVariant({ budget }) }));
      expect(choiceOf(await load(slowFirst, { choose: fastestVariant({ budget }) })).because).toBe('remembered');
    } finally {
      vi.unstubAllEnvs();
    }
    expect((await readdir(home, { recursive: true })).filter((name) => name.endsWith('.json'))).toHaveLength(1);
  });
});

test('a budget that is no time is refused', () => {
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => fastestVariant({ budget: wrong })).toThrow(RangeError);
});

test('of an artifact without variants there is nothing to choose', async () => {
  const files = await smallArtifact();
  expect((await loadFrom(files, newCache())).info()).toEqual((await load(files)).info());
});

test('an artifact with variants carries what chooses, which imports only files of the artifact', async () => {
  const place = join(folder, 'artifact');
  await writeArtifact(slowFirst, place);
  const own = await import(pathToFileURL(join(place, 'index.js')).href);
  const chooser = await import(pathToFileURL(join(place, 'runtime', 'choose', 'index.js')).href);
  const { model } = await untilTimed((cache) => own.load({ choose: chooser.fastestVariant({ budget, cache }) }));
  expect(choiceOf(model).name).toBe(names.second);
});
