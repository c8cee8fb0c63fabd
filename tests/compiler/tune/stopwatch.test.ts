import { afterEach, expect, test, vi } from 'vitest';
import { stopwatchOf } from '../../../compiler/tune/measure/webgpu/stopwatch.ts';

afterEach(() => void vi.restoreAllMocks());

/** Milliseconds that a submission takes, and to hear that it is done; and of each run in it. */
const [SUBMISSION, RUN] = [0.7, 0.25];

test('without timestamps, a chain is timed less an empty submission', async () => {
  let time = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  const queue = { onSubmittedWorkDone: async () => void (time += SUBMISSION) };
  const stopwatch = stopwatchOf({ features: new Set(), queue } as unknown as GPUDevice);
  const submitted: number[] = [];
  const submit = (runs: number): void => {
    submitted.push(runs);
    time += runs * RUN;
  };
  expect(await stopwatch.time({ submit }, 40)).toBeCloseTo(40 * RUN);
  expect(submitted).toEqual([0, 40]);
  expect(await stopwatch.time({ submit: () => undefined }, 40)).toBeGreaterThan(0);
});
