import { afterEach, expect, test, vi } from 'vitest';
import { Sampler } from '../../../compiler/tune/measure/sampling.ts';

afterEach(() => void vi.restoreAllMocks());

/** Milliseconds of a run, and what the clock moves by. */
test.each([
  [0.0015, 0.005],
  [0.00002, 0.005],
  [0.0015, 0.1],
  [3, 0.1],
  [0.0015, 0.0001],
])('a sample of runs of %d ms is neither too short nor too long for a clock of %d ms', (run, tick) => {
  let time = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    // A call takes its time, too.
    time += 0.00005;
    return Math.floor(time / tick) * tick;
  });
  const kernel = { run: () => void (time += run), outputs: () => [] };
  const { runs } = new Sampler({ cache: 'warm', spread: 0.02, limit: 50, least: 3, tiersUp: true }).open(kernel);
  const wanted = Math.max(0.3, 50 * tick);
  expect(runs * run).toBeGreaterThan(0.8 * wanted);
  expect(runs * run).toBeLessThan(Math.max(1.3 * wanted, 1.01 * run));
});
