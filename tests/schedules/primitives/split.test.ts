import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, rowSum, textAfter } from '../functions.ts';

describe('split', () => {
  test('a factor that divides the extent needs no predicate', () => {
    expect(textAfter(chain(8), { primitive: 'split', loop: 'i', factors: [2, 4] })).toMatchInlineSnapshot(`
      "func @chain(%A: f32[8]) -> (%B: f32[8]) {
        temp %T: f32[8] global
        for a in 8 {
          block T(va: spatial(8) = a) {
            %T[va] = exp(%A[va])
          }
        }
        for i_0 in 2 {
          for i_1 in 4 {
            block B(vi: spatial(8) = i_0 * 4 + i_1) {
              %B[vi] = %T[vi] + 1f32
            }
          }
        }
      }
      "
    `);
  });

  test('one that does not guards the block, in loops of the given names', () => {
    const step = { primitive: 'split', loop: 'i', factors: [null, 4], names: ['tile', 'lane'] } as const;
    expect(textAfter(chain(10), step)).toMatchInlineSnapshot(`
      "func @chain(%A: f32[10]) -> (%B: f32[10]) {
        temp %T: f32[10] global
        for a in 10 {
          block T(va: spatial(10) = a) {
            %T[va] = exp(%A[va])
          }
        }
        for tile in 3 {
          for lane in 4 {
            block B(vi: spatial(10) = tile * 4 + lane) where tile * 4 + lane < 10 {
              %B[vi] = %T[vi] + 1f32
            }
          }
        }
      }
      "
    `);
  });

  test('a symbolic extent is rounded up', () => {
    const func = rowSum(symbolDim('n'), 4, ['n']);
    expect(textAfter(func, { primitive: 'split', loop: 'i', factors: [null, 2, 4] })).toMatchInlineSnapshot(`
      "func @row_sum(n)(%A: f32[n, 4]) -> (%S: f32[n]) {
        for i_0 in floordiv(n + 7, 8) {
          for i_1 in 2 {
            for i_2 in 4 {
              for k in 4 {
                block S(vi: spatial(n) = i_0 * 8 + i_1 * 4 + i_2, vk: reduce(4) = k) where i_0 * 8 + i_1 * 4 + i_2 < n {
                  init {
                    %S[vi] = 0f32
                  }
                  %S[vi] = %S[vi] + %A[vi, vk]
                }
              }
            }
          }
        }
      }
      "
    `);
  });

  test.each([
    [{ loop: 'z', factors: [2, 4] }, /there is no such loop; there are: a, i/],
    [{ loop: 'i', factors: [4] }, /at least two factors/],
    [{ loop: 'i', factors: [2, null] }, /only the first factor may be null/],
    [{ loop: 'i', factors: [2, 3] }, /the factors 2 \* 3 do not reach the extent 8/],
    [{ loop: 'i', factors: [2, 4], names: ['x'] }, /2 loop names are needed/],
    [{ loop: 'i', factors: [2, 4], names: ['x', 'a'] }, /the name 'a' is taken/],
  ])('refuses %o', (args, message) => {
    expect(() => applyStep(chain(8), { primitive: 'split', ...args })).toThrow(message);
  });

  test('refuses a loop that is vectorized', () => {
    const func = applyStep(chain(8), { primitive: 'vectorize', loop: 'i' });
    expect(() => applyStep(func, { primitive: 'split', loop: 'i', factors: [2, 4] })).toThrow(/split before that/);
  });
});
