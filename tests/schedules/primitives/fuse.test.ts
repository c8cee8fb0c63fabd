import { describe, expect, test } from 'vitest';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { matmul, textAfter } from '../functions.ts';

describe('fuse', () => {
  test('joins loops that stand directly inside one another', () => {
    expect(textAfter(matmul(4, 8, 16), { primitive: 'fuse', loops: ['i', 'j'] })).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        for i_j in 32 {
          for k in 16 {
            block C(vi: spatial(4) = floordiv(i_j, 8), vj: spatial(8) = floormod(i_j, 8), vk: reduce(16) = k) {
              init {
                %C[vi, vj] = 0f32
              }
              %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
            }
          }
        }
      }
      "
    `);
  });

  test('joins more than two, under a name', () => {
    const step = { primitive: 'fuse', loops: ['i', 'j', 'k'], name: 'all' } as const;
    expect(textAfter(matmul(4, 8, 16), step)).toContain('for all in 512');
  });

  test('undoes a split', () => {
    const func = replay(matmul(4, 8, 16), [
      { primitive: 'split', loop: 'j', factors: [2, 4] },
      { primitive: 'fuse', loops: ['j_0', 'j_1'], name: 'j' },
    ]);
    expect(func).toEqual(matmul(4, 8, 16));
  });

  test.each([
    [['i'], /at least two loops/],
    [['i', 'k'], /'k' does not stand directly inside of 'i'/],
    [['j', 'i'], /'i' does not stand directly inside of 'j'/],
  ])('refuses %o', (loops, message) => {
    expect(() => applyStep(matmul(4, 8, 16), { primitive: 'fuse', loops })).toThrow(message);
  });
});
