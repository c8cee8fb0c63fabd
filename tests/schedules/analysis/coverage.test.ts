import { describe, expect, test } from 'vitest';
import { add, block, floordiv, floormod, int, less, loop, mul, seq, variable } from '../../../ir/tensor/build.ts';
import type { Expr, For, Iter } from '../../../ir/tensor/tensor-func.ts';
import { fillsBox, runsForAll } from '../../../schedules/analysis/coverage.ts';

const [f, i, j] = [variable('f'), variable('i'), variable('j')];
const around = (...sizes: readonly (readonly [name: string, extent: number])[]): readonly For[] =>
  sizes.map(([name, extent]) => loop(name, int(extent), seq([])));

function runs(
  loops: readonly For[],
  values: readonly (readonly [extent: number, value: Expr])[],
  predicate?: Expr,
): boolean {
  const iters = values.map(([extent, value], n): Iter => ({ name: `v${n}`, kind: 'spatial', extent, value }));
  const where = predicate === undefined ? {} : { predicate };
  return runsForAll({ block: block({ name: 'b', iters, ...where, body: seq([]) }), loops });
}

describe('a block runs for all values of its variables', () => {
  const tile = add(mul(i, int(4)), j);

  test('where its loops reach them, and what is cut off lies outside', () => {
    expect(runs(around(['i', 3], ['j', 4]), [[12, tile]])).toBe(true);
    expect(runs(around(['i', 3], ['j', 4]), [[10, tile]], less(tile, int(10)))).toBe(true);
    expect(runs(around(['i', 3], ['j', 4]), [[10, tile]], less(i, int(3)))).toBe(true);
  });

  test('and not where they leave gaps, or something inside is cut off', () => {
    expect(runs(around(['i', 3], ['j', 3]), [[12, tile]])).toBe(false);
    expect(runs(around(['i', 2], ['j', 4]), [[12, tile]])).toBe(false);
    expect(runs(around(['i', 3], ['j', 4]), [[10, tile]], less(tile, int(9)))).toBe(false);
    expect(runs(around(['i', 3], ['j', 4]), [[10, tile]], less(i, int(2)))).toBe(false);
    expect(
      runs(around(['i', 4]), [
        [4, i],
        [4, i],
      ]),
    ).toBe(false);
  });

  test('by the digits of a fused loop, if it has all of them', () => {
    const digits = (rows: number) =>
      [
        [rows, floordiv(f, int(4))],
        [4, floormod(f, int(4))],
      ] as const;
    expect(runs(around(['f', 12]), digits(3))).toBe(true);
    expect(runs(around(['f', 10]), digits(3))).toBe(false);
    expect(runs(around(['f', 10]), digits(2))).toBe(true);
  });

  test('by the digits of a sum, if the sum has no gaps', () => {
    const digits = (sum: Expr) =>
      [
        [3, floordiv(sum, int(7))],
        [7, floormod(sum, int(7))],
      ] as const;
    expect(runs(around(['i', 6], ['j', 4]), digits(tile))).toBe(true);
    expect(runs(around(['i', 6], ['j', 3]), digits(tile))).toBe(false);
    expect(runs(around(['i', 5], ['j', 4]), digits(tile))).toBe(false);
  });
});

describe('accesses fill their box', () => {
  const ranges = new Map([
    ['f', { min: 0, max: 9 }],
    ['i', { min: 0, max: 3 }],
    ['j', { min: 0, max: 1 }],
  ]);
  const fills = (...indices: readonly Expr[]) => fillsBox(indices, ranges, new Set(['t']));

  test('where each dimension runs without gaps and by itself', () => {
    expect(fills(add(mul(i, int(2)), j), add(variable('t'), int(3)))).toBe(true);
    expect(fills(mul(i, int(2)))).toBe(false);
    expect(fills(i, i)).toBe(false);
    expect(fills(floordiv(f, int(4)), floormod(f, int(4)))).toBe(false);
    expect(fills(floordiv(f, int(5)), floormod(f, int(5)))).toBe(true);
  });
});
