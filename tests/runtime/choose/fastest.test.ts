import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fastestOf } from '../../../runtime/choose/fastest.ts';
import type { Model } from '../../../runtime/index.ts';

/** How many milliseconds each run of a variant takes; the last one stands for all that follow. */
type Times = readonly [number, ...number[]];

/** Variants that take what they are said to take, on a clock that only they move. */
function onClock(...variants: readonly (Times | Error)[]) {
  let now = 1000;
  const loaded: number[] = [];
  const disposed: number[] = [];
  const runs = variants.map(() => 0);
  const offer = variants.map((times, at) => ({
    name: `variant ${at}`,
    load: async (): Promise<Model> => {
      loaded.push(at);
      if (times instanceof Error) throw times;
      const info = { name: 'm', outputs: [], kernels: 1, threads: 1, features: [], memoryBytes: 0 };
      return {
        info: () => ({ ...info, inputs: [{ name: 'x', dtype: 'i64', shape: [2, 3] }] }),
        run: async ({ x }) => {
          expect(x).toEqual({ dtype: 'i64', shape: [2, 3], data: new BigInt64Array(6) });
          now += times[Math.min(runs[at] ?? 0, times.length - 1)] ?? 0;
          runs[at] = (runs[at] ?? 0) + 1;
          return {};
        },
        dispose: () => void disposed.push(at),
      };
    },
  }));
  return { offer, clock: () => now, loaded, disposed, runs };
}

const firsts = (variants: readonly Times[]): number => variants.reduce((sum, [first]) => sum + first, 0);

describe('the fastest of several variants', () => {
  test.each<[string, readonly Times[], number]>([
    ['of two', [[3], [2]], 1],
    ['of two, where it is the first', [[2], [3]], 0],
    ['of two that are equal: the first', [[2], [2]], 0],
    ['of four', [[3], [2.5], [1.5], [2]], 2],
    ['of short ones', [[0.03], [0.02]], 1],
    ['of long ones', [[16], [14]], 1],
    [
      'once the engine has compiled them for good',
      [
        [20, 9, 9, 8],
        [40, 8, 7, 4],
      ],
      1,
    ],
  ])('%s', async (_, variants, expected) => {
    const { offer, clock, disposed } = onClock(...variants);
    const { chosen, settled, timings, spentMs } = await fastestOf(offer, 200, clock);
    expect([chosen, settled]).toEqual([expected, true]);
    expect(disposed.toSorted((a, b) => a - b)).toEqual([...variants.keys()].filter((at) => at !== expected));
    expect(timings.map(({ ms }) => ms?.toFixed(6))).toEqual(variants.map((times) => times.at(-1)?.toFixed(6)));
    expect(spentMs).toBeLessThanOrEqual(200);
  });

  test('keeps two in memory at most', async () => {
    const { offer, clock, loaded, disposed } = onClock([3], [2], [4], [1]);
    const most = { inMemory: 0 };
    const counted = offer.map(({ name, load }) => ({
      name,
      load: async () => {
        const model = await load();
        most.inMemory = Math.max(most.inMemory, loaded.length - disposed.length);
        return model;
      },
    }));
    expect((await fastestOf(counted, 300, clock)).chosen).toBe(3);
    expect(most.inMemory).toBe(2);
  });

  const falling: Times = [40, 30, 30, 15, 5];

  test.each<[readonly Times[], number]>([
    [[[8], falling], 115],
    [[falling, [8]], 110],
  ])('is open while the slower one gains on the other: %j', async (variants, budget) => {
    const { offer, clock, disposed, runs } = onClock(...variants);
    const { chosen, settled } = await fastestOf(offer, budget, clock);
    expect([chosen, settled]).toEqual([0, false]);
    expect(disposed).toEqual([1]);
    expect(Math.min(...runs)).toBeGreaterThan(3);
  });

  test('may still become faster', async () => {
    const { offer, clock } = onClock([35], falling);
    const { chosen, settled } = await fastestOf(offer, 200, clock);
    expect([chosen, settled]).toEqual([1, true]);
  });

  test('is not looked for where a run takes longer than the budget: no other one is loaded', async () => {
    const { offer, clock, loaded, runs } = onClock([120], [1]);
    expect(await fastestOf(offer, 100, clock)).toMatchObject({ chosen: 0, settled: false, timings: [], spentMs: 0 });
    expect([loaded, runs]).toEqual([[0], [1, 0]]);
  });

  test('is the first where another takes too long to be timed', async () => {
    const { offer, clock, runs, disposed } = onClock([10], [150]);
    expect(await fastestOf(offer, 100, clock)).toMatchObject({ chosen: 0, settled: false });
    expect([runs[1], disposed]).toEqual([1, [1]]);
  });

  test('is not found without a budget', async () => {
    const { offer, clock, runs } = onClock([1], [0.5]);
    expect(await fastestOf(offer, 0, clock)).toMatchObject({ chosen: 0, settled: false, spentMs: 0 });
    expect(runs).toEqual([1, 0]);
  });

  test('is one of the others where one cannot be loaded', async () => {
    const { offer, clock } = onClock([3], new RangeError('no memory'), [2]);
    const { chosen, settled, timings } = await fastestOf(offer, 200, clock);
    expect([chosen, settled]).toEqual([2, false]);
    expect(timings).toContainEqual({ name: 'variant 1', runs: 0, problem: 'RangeError: no memory' });
  });

  test('is not looked for where the first cannot be loaded', async () => {
    const { offer, clock } = onClock(new RangeError('no memory'), [2]);
    await expect(fastestOf(offer, 200, clock)).rejects.toThrow('no memory');
  });
});

test('timing takes no longer than the budget, the first runs aside, if no run takes longer than the one before', async () => {
  const time = fc.double({ min: 0.3, max: 60, noNaN: true });
  const falling = fc
    .array(time, { minLength: 1, maxLength: 12 })
    .map((times) => times.toSorted((a, b) => b - a) as [number, ...number[]]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(falling, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 0, max: 300 }),
      async (variants, budget) => {
        const { offer, clock, runs, loaded, disposed } = onClock(...variants);
        const begin = clock();
        const { chosen, spentMs } = await fastestOf(offer, budget, clock);
        const ran = firsts(variants.filter((_, at) => (runs[at] ?? 0) > 0));
        expect(clock() - begin - ran).toBeCloseTo(spentMs, 6);
        expect(spentMs).toBeLessThanOrEqual(budget + 1e-6);
        expect(new Set(disposed)).toEqual(new Set(loaded.filter((at) => at !== chosen)));
      },
    ),
  );
});
