import { describe, expect, test } from 'vitest';
import { spearman, topRegret } from '../../../schedules/cost-model/ranking.ts';

describe('spearman', () => {
  test('is 1 for the same order, -1 for the other way round', () => {
    expect(spearman([1, 2, 3, 4], [10, 20, 500, 501])).toBeCloseTo(1);
    expect(spearman([1, 2, 3, 4], [4, 3, 2, -1])).toBeCloseTo(-1);
  });

  test('gives equal values the mean of their ranks', () => {
    // Ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3.
    expect(spearman([7, 7, 8, 9], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5));
    expect(spearman([1, 1, 1], [1, 2, 3])).toBe(0);
  });
});

describe('topRegret', () => {
  test('is by how much the best of those that score highest is slower than the best', () => {
    const times = [4, 2, 1, 3];
    expect(topRegret([9, 8, 0, 1], times, 1)).toBeCloseTo(3);
    expect(topRegret([9, 8, 0, 1], times, 2)).toBeCloseTo(1);
    expect(topRegret([9, 8, 0, 1], times, 8)).toBe(0);
  });
});
