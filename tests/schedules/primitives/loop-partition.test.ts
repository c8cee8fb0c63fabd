import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { chain, rowSum, textAfter } from '../functions.ts';

describe('loop-partition', () => {
  test('only the part with the first iteration of a reduction has its init', () => {
    expect(textAfter(rowSum(2, 10), { primitive: 'loop-partition', loop: 'k', at: [4, 8] })).toMatchInlineSnapshot(`
      "func @row_sum(%A: f32[2, 10]) -> (%S: f32[2]) {
        for i in 2 {
          for k_0 in 4 {
            block S(vi: spatial(2) = i, vk: reduce(10) = k_0) {
              init {
                %S[vi] = 0f32
              }
              %S[vi] = %S[vi] + %A[vi, vk]
            }
          }
          for k_1 in 4 {
            block S_1(vi_1: spatial(2) = i, vk_1: reduce(10) = k_1 + 4) {
              %S[vi_1] = %S[vi_1] + %A[vi_1, vk_1]
            }
          }
          for k_2 in 2 {
            block S_2(vi_2: spatial(2) = i, vk_2: reduce(10) = k_2 + 8) {
              %S[vi_2] = %S[vi_2] + %A[vi_2, vk_2]
            }
          }
        }
      }
      "
    `);
  });

  test('copies loops and blocks under new names, and drops a guard that always holds', () => {
    expect(
      textAfter(
        chain(10),
        { primitive: 'split', loop: 'i', factors: [null, 4] },
        { primitive: 'loop-partition', loop: 'i_0', at: [2], names: ['whole', 'rest'] },
      ),
    ).toMatchInlineSnapshot(`
      "func @chain(%A: f32[10]) -> (%B: f32[10]) {
        temp %T: f32[10] global
        for a in 10 {
          block T(va: spatial(10) = a) {
            %T[va] = exp(%A[va])
          }
        }
        for whole in 2 {
          for i_1 in 4 {
            block B(vi: spatial(10) = whole * 4 + i_1) {
              %B[vi] = %T[vi] + 1f32
            }
          }
        }
        for rest in 1 {
          for i_1_1 in 4 {
            block B_1(vi_1: spatial(10) = i_1_1 + 8) where i_1_1 + 8 < 10 {
              %B[vi_1] = %T[vi_1] + 1f32
            }
          }
        }
      }
      "
    `);
  });

  test.each([
    [{ at: [] }, "loop 'i': no place to partition it at is given"],
    [{ at: [8] }, /the places 8 do not rise from above 0 to below the extent 8/],
    [{ at: [4, 2] }, /the places 4, 2 do not rise/],
    [{ at: [4], names: ['x', 'a'] }, /the name 'a' is taken/],
  ])('refuses %o', (args, message) => {
    expect(() => applyStep(chain(8), { primitive: 'loop-partition', loop: 'i', ...args })).toThrow(message);
  });

  test('refuses a symbolic extent, and a loop that is vectorized', () => {
    const step = { primitive: 'loop-partition', loop: 'i', at: [2] } as const;
    expect(() => applyStep(rowSum(symbolDim('n'), 4, ['n']), step)).toThrow(/its extent is not a constant/);
    const func = applyStep(chain(8), { primitive: 'vectorize', loop: 'i' });
    expect(() => applyStep(func, step)).toThrow(/it is vectorized: partition before that/);
  });

  test('refuses two parallel loops that would share a local buffer', () => {
    const func = replay(chain(16), [
      { primitive: 'split', loop: 'i', factors: [2, 2, 4] },
      { primitive: 'compute-at', block: 'T', loop: 'i_1' },
      { primitive: 'set-scope', buffer: 'T', scope: 'local' },
      { primitive: 'parallel', loop: 'i_1' },
    ]);
    expect(() => applyStep(func, { primitive: 'loop-partition', loop: 'i_0', at: [1] })).toThrow(/'T' is local/);
  });
});
