import { describe, expect, test } from 'vitest';
import { add, floordiv, floormod, int, mul, variable } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { digitize } from '../../../schedules/analysis/digits.ts';
import { separates } from '../../../schedules/analysis/separation.ts';

const [f, i, j] = [variable('f'), variable('i'), variable('j')];
const upTo = (extent: number) => ({ min: 0, max: extent - 1 });
const ranges = new Map([
  ['f', upTo(32)],
  ['i', upTo(8)],
  ['j', upTo(4)],
]);
const scaled = (outer: Expr, factor: number, inner: Expr) => add(mul(outer, int(factor)), inner);

function texts(...exprs: readonly Expr[]): readonly (string | undefined)[] {
  return digitize(exprs, ranges).sums.map(
    (sum) => sum && [...[...sum.terms].map(([key, t]) => `${t.coefficient}*${key}`), sum.constant].join(' + '),
  );
}

describe('digits', () => {
  test('quotients and remainders cut a loop, and a whole loop is the sum of its digits', () => {
    expect(texts(floordiv(f, int(8)), floormod(f, int(8)), f)).toEqual([
      '1*f/8:Infinity + 0',
      '1*f/1:8 + 0',
      '8*f/8:Infinity + 1*f/1:8 + 0',
    ]);
  });

  test('a division comes apart where the rest stays below the divisor', () => {
    expect(texts(floordiv(scaled(i, 4, j), int(8)), floormod(scaled(i, 4, j), int(8)))).toEqual([
      '1*i/2:Infinity + 0',
      '4*i/1:2 + 1*j/1:Infinity + 0',
    ]);
  });

  test('a sum that does not come apart is divided as a whole', () => {
    const sum = scaled(i, 4, j);
    expect(texts(floordiv(sum, int(7)), floormod(sum, int(7)))).toEqual([
      '1*{4*i/1:Infinity + 1*j/1:Infinity + 0}/7:Infinity + 0',
      '1*{4*i/1:Infinity + 1*j/1:Infinity + 0}/1:7 + 0',
    ]);
  });

  test('products of loops and cuts that do not fit have none', () => {
    expect(texts(mul(i, j), f)).toEqual([undefined, '1*f/1:Infinity + 0']);
    const sum = scaled(i, 4, j);
    expect(texts(floordiv(sum, int(7)), floordiv(sum, int(5)))[1]).toBeUndefined();
  });
});

describe('separates', () => {
  const holds = (loop: string, accesses: readonly (readonly Expr[])[], ...fixed: readonly string[]) =>
    separates(loop, { accesses, ranges, fixed: new Set(fixed) });

  test('where the loop weighs more than what varies beside it', () => {
    expect(holds('i', [[scaled(i, 4, j)]])).toBe(true);
    expect(holds('i', [[scaled(i, 3, j)]])).toBe(false);
    expect(holds('j', [[scaled(i, 3, j)]])).toBe(false);
    expect(holds('j', [[scaled(i, 3, j)]], 'i')).toBe(true);
  });

  test('over all accesses together', () => {
    expect(holds('i', [[mul(i, int(2))], [add(mul(i, int(2)), int(1))]])).toBe(true);
    expect(holds('i', [[mul(i, int(2))], [add(mul(i, int(2)), int(2))]])).toBe(false);
    expect(holds('i', [[i], [mul(i, int(2))]])).toBe(false);
  });

  test('by all digits of a fused loop, and not by some of them', () => {
    expect(holds('f', [[floordiv(f, int(8)), floormod(f, int(8))]])).toBe(true);
    expect(holds('f', [[floordiv(f, int(8))]])).toBe(false);
  });

  test('by a sum as a whole', () => {
    const sum = scaled(i, 4, j);
    expect(holds('i', [[floordiv(sum, int(7)), floormod(sum, int(7))]])).toBe(true);
    expect(holds('j', [[floordiv(sum, int(7)), floormod(sum, int(7))]], 'i')).toBe(true);
    expect(holds('i', [[floordiv(sum, int(7))]])).toBe(false);
  });
});
