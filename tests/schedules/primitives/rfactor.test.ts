import { describe, expect, test } from 'vitest';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { rowSum, textAfter } from '../functions.ts';

describe('rfactor', () => {
  test('keeps partial sums, which can be vectorized', () => {
    const func = textAfter(
      rowSum(6, 64),
      { primitive: 'split', loop: 'k', factors: [null, 4] },
      { primitive: 'rfactor', loop: 'k_1', axis: 1 },
      { primitive: 'vectorize', loop: 'k_1' },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @row_sum(%A: f32[6, 64]) -> (%S: f32[6]) {
        temp %S_rf: f32[6, 4] global
        for i in 6 {
          for k_0 in 16 {
            for k_1 in 4 vectorized {
              block S_rf(vi: spatial(6) = i, v_k_1: spatial(4) = k_1, v_k_0: reduce(16) = k_0) {
                init {
                  %S_rf[vi, v_k_1] = 0f32
                }
                %S_rf[vi, v_k_1] = %S_rf[vi, v_k_1] + %A[vi, v_k_0 * 4 + v_k_1]
              }
            }
          }
          for k_1_final in 4 {
            block S(vi_final: spatial(6) = i, v_k_1_final: reduce(4) = k_1_final) {
              init {
                %S[vi_final] = 0f32
              }
              %S[vi_final] = %S[vi_final] + %S_rf[vi_final, v_k_1_final]
            }
          }
        }
      }
      "
    `);
  });

  test('takes an overrun that leaves every partial sum a first element', () => {
    const func = textAfter(
      rowSum(6, 10),
      { primitive: 'split', loop: 'k', factors: [null, 4] },
      { primitive: 'rfactor', loop: 'k_1', axis: 0 },
    );
    expect(func).toContain('where k_0 * 4 + k_1 < 10');
  });

  test('refuses one that does not', () => {
    const func = replay(rowSum(6, 10), [{ primitive: 'split', loop: 'k', factors: [null, 4] }]);
    expect(() => applyStep(func, { primitive: 'rfactor', loop: 'k_0', axis: 0 })).not.toThrow();
    const short = replay(rowSum(6, 3), [{ primitive: 'split', loop: 'k', factors: [null, 4] }]);
    expect(() => applyStep(short, { primitive: 'rfactor', loop: 'k_1', axis: 0 })).toThrow(
      /partial results would not be set/,
    );
  });

  test.each([
    [{ loop: 'i', axis: 0 }, /it feeds no reduction of block 'S'/],
    [{ loop: 'k', axis: 2 }, /the axis 2 is not from 0 to 1/],
  ])('refuses %o', (args, message) => {
    expect(() => applyStep(rowSum(6, 64), { primitive: 'rfactor', ...args })).toThrow(message);
  });
});
