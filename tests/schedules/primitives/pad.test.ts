import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, matmul, rowSum, textAfter } from '../functions.ts';

describe('pad', () => {
  test('fills the inputs up with zeros and crops the result', () => {
    expect(textAfter(matmul(3, 8, 5), { primitive: 'pad', block: 'C', multiples: [4, 4, 4] })).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[3, 5], %B: f32[5, 8]) -> (%C: f32[3, 8]) {
        temp %A_pad: f32[4, 8] global
        temp %B_pad: f32[8, 8] global
        temp %C_pad: f32[4, 8] global
        for A_fill_0 in 4 {
          for A_fill_1 in 8 {
            block A_fill(A_fill_v0: spatial(4) = A_fill_0, A_fill_v1: spatial(8) = A_fill_1) {
              %A_pad[A_fill_v0, A_fill_v1] = select(A_fill_v0 < 3 && A_fill_v1 < 5, %A[A_fill_v0, A_fill_v1], 0f32)
            }
          }
        }
        for B_fill_0 in 8 {
          for B_fill_1 in 8 {
            block B_fill(B_fill_v0: spatial(8) = B_fill_0, B_fill_v1: spatial(8) = B_fill_1) {
              %B_pad[B_fill_v0, B_fill_v1] = select(B_fill_v0 < 5, %B[B_fill_v0, B_fill_v1], 0f32)
            }
          }
        }
        for i in 4 {
          for j in 8 {
            for k in 8 {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(8) = k) {
                init {
                  %C_pad[vi, vj] = 0f32
                }
                %C_pad[vi, vj] = %C_pad[vi, vj] + %A_pad[vi, vk] * %B_pad[vk, vj]
              }
            }
          }
        }
        for C_crop_0 in 3 {
          for C_crop_1 in 8 {
            block C_crop(C_crop_v0: spatial(3) = C_crop_0, C_crop_v1: spatial(8) = C_crop_1) {
              %C[C_crop_v0, C_crop_v1] = %C_pad[C_crop_v0, C_crop_v1]
            }
          }
        }
      }
      "
    `);
  });

  test('guards what zeros would change', () => {
    const func = parseTensorFunc(`func @row_max(%A: f32[4, 6], %B: f32[4]) -> (%M: f32[4]) {
      for i in 4 { for k in 6 {
        block M(vi: spatial(4) = i, vk: reduce(6) = k) {
          init { %M[vi] = %B[vi] }
          %M[vi] = max(%M[vi], %A[vi, vk])
        }
      } }
    }`);
    expect(textAfter(func, { primitive: 'pad', block: 'M', multiples: [1, 4] })).toMatchInlineSnapshot(`
      "func @row_max(%A: f32[4, 6], %B: f32[4]) -> (%M: f32[4]) {
        temp %A_pad: f32[4, 8] global
        for A_fill_0 in 4 {
          for A_fill_1 in 8 {
            block A_fill(A_fill_v0: spatial(4) = A_fill_0, A_fill_v1: spatial(8) = A_fill_1) {
              %A_pad[A_fill_v0, A_fill_v1] = select(A_fill_v1 < 6, %A[A_fill_v0, A_fill_v1], 0f32)
            }
          }
        }
        for i in 4 {
          for k in 8 {
            block M(vi: spatial(4) = i, vk: reduce(8) = k) {
              init {
                %M[vi] = %B[vi]
              }
              %M[vi] = max(%M[vi], select(vk < 6, %A_pad[vi, vk], -inff32))
            }
          }
        }
      }
      "
    `);
  });

  test('leaves a block as it is where the extents are multiples', () => {
    const func = matmul(4, 8, 16);
    expect(applyStep(func, { primitive: 'pad', block: 'C', multiples: [4, 8, 16] })).toEqual(func);
  });

  test.each([
    [matmul(3, 8, 5), 'C', [4], /3 multiples are needed, 1 are given/],
    [chain(6, 1), 'B', [4], /index 0 of its access of 'T' is not just 'vi'/],
    [rowSum(symbolDim('n'), 4, ['n']), 'S', [4, 1], /the extent of 'vi' is symbolic/],
    [
      applyStep(chain(6), { primitive: 'split', loop: 'i', factors: [2, 3] }),
      'B',
      [4],
      /'vi' is not one whole loop: pad before splits and fusions/,
    ],
  ])('refuses case %#', (func, block, multiples, message) => {
    expect(() => applyStep(func, { primitive: 'pad', block, multiples })).toThrow(message);
  });

  test('refuses a loop that is around another block too', () => {
    const func = applyStep(chain(6), { primitive: 'compute-at', block: 'T', loop: 'i' });
    expect(() => applyStep(func, { primitive: 'pad', block: 'B', multiples: [4] })).toThrow(
      "loop 'i' is also around block 'T'",
    );
  });
});
