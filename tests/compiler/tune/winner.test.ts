import { expect, test } from 'vitest';
import { median, spreadOfMedian } from '../../../compiler/tune/measure/statistics.ts';
import { randomSource } from '../../../ir/random.ts';
import { type Timed, winnerOf } from '../../../schedules/search/winner.ts';
import { syntheticSpace } from '../../schedules/search/synthetic-space.ts';

const { preferred: candidate } = syntheticSpace(() => ({ ms: 1, features: [] }));

/** Of a machine with other work: some percent of noise, and a fifth of the samples far too long. */
function timed(ms: number, samples: number, random: () => number): Timed {
  const times = Array.from({ length: samples }, () => {
    const noise = 1 + 0.04 * (random() + random() - 1);
    return ms * noise * (random() < 0.2 ? 1 + random() : 1);
  });
  return { candidate, sample: { ms: median(times), spread: spreadOfMedian(times), samples } };
}

/** How often a candidate wins that takes so long where the default schedule takes 1 ms. */
function wins(ms: number, samples: number): number {
  const random = randomSource(3);
  const rounds = Array.from({ length: 400 }, () => {
    const [standard, other] = [timed(1, samples, random), timed(ms, samples, random)];
    return winnerOf(standard, [other]) === other;
  });
  return rounds.filter(Boolean).length / rounds.length;
}

/** How many samples, and a time that is clearly less by so many. */
test.each([
  [20, 0.85],
  [50, 0.93],
  [200, 0.97],
])('by %d samples what is not faster hardly wins, and what takes %d times as long does', (samples, clearly) => {
  expect(wins(1.01, samples)).toBeLessThan(0.02);
  expect(wins(1, samples)).toBeLessThan(0.05);
  expect(wins(clearly, samples)).toBeGreaterThan(0.9);
});
