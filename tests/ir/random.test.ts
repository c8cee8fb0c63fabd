import { describe, expect, test } from 'vitest';
import { randomSource, randomSourceOf } from '../../ir/random.ts';

const draw = (random: () => number, count: number): readonly number[] => Array.from({ length: count }, random);

describe('random numbers', () => {
  test('are those of xorshift32', () => {
    expect(draw(randomSource(1), 3).map((value) => value * 2 ** 32)).toEqual([270369, 67634689, 2647435461]);
  });

  test('of a seed and a name are the same each time, and others for neighbouring seeds and for other names', () => {
    const firsts = Array.from({ length: 100 }, (_, seed) =>
      ['a', 'b', 'ab'].map((name) => randomSourceOf(seed, name)()),
    );
    expect(randomSourceOf(7, 'b')()).toBe(firsts[7]?.[1]);
    expect(new Set(firsts.flat()).size).toBe(300);
    const mean = firsts.flat().reduce((sum, value) => sum + value, 0) / 300;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.06);
  });
});
