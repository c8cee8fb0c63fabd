import { describe, expect, test } from 'vitest';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { chain, matmul, scan, textAfter } from '../functions.ts';

describe('reorder', () => {
  test('puts the loops of a reduction in any order', () => {
    expect(textAfter(matmul(4, 8, 16), { primitive: 'reorder', loops: ['k', 'i'] })).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        for k in 16 {
          for j in 8 {
            for i in 4 {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(16) = k) {
                init {
                  %C[vi, vj] = 0f32
                }
                %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('moves a producer that is made anew in each iteration with its consumer', () => {
    const func = textAfter(
      chain(16, 2),
      { primitive: 'split', loop: 'i', factors: [4, 2, 2], names: ['x', 'y', 'z'] },
      { primitive: 'compute-at', block: 'T', loop: 'y' },
      { primitive: 'reorder', loops: ['y', 'x'] },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @chain(%A: f32[18]) -> (%B: f32[16]) {
        temp %T: f32[18] global
        for y in 2 {
          for x in 4 {
            for T_va in 4 {
              block T(va: spatial(18) = x * 4 + y * 2 + T_va) {
                %T[va] = exp(%A[va])
              }
            }
            for z in 2 {
              block B(vi: spatial(16) = x * 4 + y * 2 + z) {
                %B[vi] = %T[vi] + %T[vi + 2]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('refuses to change the order of iterations that need one another', () => {
    const func = applyStep(scan(8), { primitive: 'split', loop: 'i', factors: [2, 4] });
    expect(() => applyStep(func, { primitive: 'reorder', loops: ['i_1', 'i_0'] })).toThrow(
      "scan, loops 'i_0', 'i_1': their iterations depend on one another through 'Y', so their order must stay",
    );
  });

  test('refuses loops that stand around more than one statement', () => {
    const func = replay(matmul(4, 8, 16), [{ primitive: 'decompose-reduction', block: 'C', loop: 'k' }]);
    expect(() => applyStep(func, { primitive: 'reorder', loops: ['k', 'j'] })).toThrow(/does not stand in a chain/);
  });

  test.each([
    [['i', 'i'], /a loop is named twice/],
    [['i'], /at least two loops/],
    [['i', 'z'], /no such loop/],
  ])('refuses %o', (loops, message) => {
    expect(() => applyStep(matmul(4, 8, 16), { primitive: 'reorder', loops })).toThrow(message);
  });
});
