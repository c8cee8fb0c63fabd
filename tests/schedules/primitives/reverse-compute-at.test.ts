import { describe, expect, test } from 'vitest';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { chain, matmulRelu, passing, rowSum, textAfter } from '../functions.ts';

describe('reverse-compute-at', () => {
  test('moves a block under a loop of what it reads', () => {
    expect(
      textAfter(
        chain(10),
        { primitive: 'split', loop: 'a', factors: [null, 4] },
        { primitive: 'reverse-compute-at', block: 'B', loop: 'a_0' },
      ),
    ).toMatchInlineSnapshot(`
      "func @chain(%A: f32[10]) -> (%B: f32[10]) {
        temp %T: f32[10] global
        for a_0 in 3 {
          for a_1 in 4 {
            block T(va: spatial(10) = a_0 * 4 + a_1) where a_0 * 4 + a_1 < 10 {
              %T[va] = exp(%A[va])
            }
          }
          for B_vi in 4 {
            block B(vi: spatial(10) = a_0 * 4 + B_vi) where a_0 * 4 + B_vi < 10 {
              %B[vi] = %T[vi] + 1f32
            }
          }
        }
      }
      "
    `);
  });

  test('comes after a reduction, and after the loop that completes it', () => {
    expect(
      textAfter(
        matmulRelu(4, 8, 16),
        { primitive: 'tile', loops: ['i', 'j'], factors: [2, 4] },
        { primitive: 'decompose-reduction', block: 'C', loop: 'i_1' },
        { primitive: 'reverse-compute-at', block: 'D', loop: 'j_0', names: ['x', 'y'] },
      ),
    ).toMatchInlineSnapshot(`
      "func @matmul_relu(%A: f32[4, 16], %B: f32[16, 8]) -> (%D: f32[4, 8]) {
        temp %C: f32[4, 8] global
        for i_0 in 2 {
          for j_0 in 2 {
            for i_1_init in 2 {
              for j_1_init in 4 {
                block C_init(vi_init: spatial(4) = i_0 * 2 + i_1_init, vj_init: spatial(8) = j_0 * 4 + j_1_init) {
                  %C[vi_init, vj_init] = 0f32
                }
              }
            }
            for i_1 in 2 {
              for j_1 in 4 {
                for k in 16 {
                  block C(vi: spatial(4) = i_0 * 2 + i_1, vj: spatial(8) = j_0 * 4 + j_1, vk: reduce(16) = k) {
                    %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
                  }
                }
              }
            }
            for x in 2 {
              for y in 4 {
                block D(vx: spatial(4) = i_0 * 2 + x, vy: spatial(8) = j_0 * 4 + y) {
                  %D[vx, vy] = max(%C[vx, vy], 0f32)
                }
              }
            }
          }
        }
      }
      "
    `);
  });

  test('takes all of a dimension that is there, also where it reduces over it', () => {
    const func = parseTensorFunc(`func @sum(n)(%A: f32[n, 8]) -> (%S: f32[n]) {
      temp %T: f32[n, 8] global
      for i in n { for j in 8 { block T(vi: spatial(n) = i, vj: spatial(8) = j) { %T[vi, vj] = exp(%A[vi, vj]) } } }
      for x in n { for k in 8 {
        block S(vx: spatial(n) = x, vk: reduce(8) = k) {
          init { %S[vx] = 0f32 }
          %S[vx] = %S[vx] + %T[vx, vk]
        }
      } }
    }`);
    expect(textAfter(func, { primitive: 'reverse-compute-at', block: 'S', loop: 'i' })).toMatchInlineSnapshot(`
      "func @sum(n)(%A: f32[n, 8]) -> (%S: f32[n]) {
        temp %T: f32[n, 8] global
        for i in n {
          for j in 8 {
            block T(vi: spatial(n) = i, vj: spatial(8) = j) {
              %T[vi, vj] = exp(%A[vi, vj])
            }
          }
          for S_vx in 1 {
            for S_vk in 8 {
              block S(vx: spatial(n) = i, vk: reduce(8) = S_vk) {
                init {
                  %S[vx] = 0f32
                }
                %S[vx] = %S[vx] + %T[vx, vk]
              }
            }
          }
        }
      }
      "
    `);
    expect(() => applyStep(func, { primitive: 'reverse-compute-at', block: 'S', loop: 'j' })).toThrow(
      "index 1 of its read of 'T' is not a spatial variable over all of that dimension, of which only a part is ready there",
    );
  });

  test.each([
    ['B', 'i', "block 'B': it is under loop 'i' already"],
    ['T', 'i', "block 'T': block 'B' in the same loop 'i' uses 'T' as well"],
    ['B', 'a', "index 0 of its read of 'T' is not a spatial variable"],
  ])('refuses %s at %s', (block, loop, message) => {
    expect(() => applyStep(chain(8, 2), { primitive: 'reverse-compute-at', block, loop })).toThrow(message);
  });

  test('refuses a loop that feeds the reduction', () => {
    expect(() => applyStep(matmulRelu(4, 8, 16), { primitive: 'reverse-compute-at', block: 'D', loop: 'k' })).toThrow(
      "it reads 'C', which block 'C' changes in a loop that both are in",
    );
  });

  test('refuses a value that does not last', () => {
    expect(() => applyStep(passing(8), { primitive: 'reverse-compute-at', block: 'T', loop: 'i' })).toThrow(/already/);
  });

  test('refuses what an earlier block uses', () => {
    const func = replay(rowSum(4, 8), [
      { primitive: 'cache-read', block: 'S', buffer: 'A', scope: 'global' },
      { primitive: 'decompose-reduction', block: 'S', loop: 'i' },
    ]);
    expect(() => applyStep(func, { primitive: 'reverse-compute-at', block: 'S', loop: 'A_copy_0' })).toThrow(
      /does not make each element of 'S' from scratch/,
    );
  });

  test('refuses strided parts', () => {
    const func = replay(chain(16), [
      { primitive: 'split', loop: 'a', factors: [4, 4] },
      { primitive: 'reorder', loops: ['a_1', 'a_0'] },
    ]);
    expect(() => applyStep(func, { primitive: 'reverse-compute-at', block: 'B', loop: 'a_1' })).toThrow(
      "it is not known which elements of 'T' block 'T' completes there",
    );
  });

  test('refuses two reads that are never ready together', () => {
    const func = parseTensorFunc(`func @differences(%A: f32[7]) -> (%D: f32[7, 7]) {
      temp %T: f32[7] global
      for p in 7 { block T(vp: spatial(7) = p) { %T[vp] = exp(%A[vp]) } }
      for i in 7 { for j in 7 {
        block D(vi: spatial(7) = i, vj: spatial(7) = j) { %D[vi, vj] = %T[vi] - %T[vj] }
      } }
    }`);
    expect(() => applyStep(func, { primitive: 'reverse-compute-at', block: 'D', loop: 'p' })).toThrow(
      "block 'D': it is not known that loop 'p' leads through all values of 'vi', 'vj' together",
    );
  });
});
