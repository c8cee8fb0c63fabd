import { describe, expect, test } from 'vitest';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { chain, matmul, textAfter } from '../functions.ts';

describe('decompose-reduction', () => {
  test('sets a tile before its reduction, in loops of the same kinds', () => {
    const func = textAfter(
      matmul(4, 8, 16),
      { primitive: 'reorder', loops: ['i', 'k', 'j'] },
      { primitive: 'vectorize', loop: 'j' },
      { primitive: 'decompose-reduction', block: 'C', loop: 'k' },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        for i in 4 {
          for j_init in 8 vectorized {
            block C_init(vi_init: spatial(4) = i, vj_init: spatial(8) = j_init) {
              %C[vi_init, vj_init] = 0f32
            }
          }
          for k in 16 {
            for j in 8 vectorized {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(16) = k) {
                %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('keeps what a split guards of the spatial loops only', () => {
    const func = textAfter(
      matmul(6, 8, 10),
      { primitive: 'split', loop: 'i', factors: [null, 4] },
      { primitive: 'split', loop: 'k', factors: [null, 4] },
      { primitive: 'decompose-reduction', block: 'C', loop: 'i_1' },
    );
    expect(func).toContain('= i_0 * 4 + i_1_init, vj_init: spatial(8) = j_init) where i_0 * 4 + i_1_init < 6 {');
  });

  test.each([
    ['q', /loop 'q' is not around it; there are: k, i, j/],
    ['i', /loop 'k' outside of 'i' feeds its reduction/],
  ])('refuses loop %s', (loop, message) => {
    const func = replay(matmul(4, 8, 16), [{ primitive: 'reorder', loops: ['k', 'i', 'j'] }]);
    expect(() => applyStep(func, { primitive: 'decompose-reduction', block: 'C', loop })).toThrow(message);
  });

  test('refuses a block that is no reduction', () => {
    expect(() => applyStep(chain(8), { primitive: 'decompose-reduction', block: 'B', loop: 'i' })).toThrow(
      /not a reduction/,
    );
  });
});
