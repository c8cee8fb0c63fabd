import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, matmul, textAfter } from '../functions.ts';

describe('tile', () => {
  test('puts the loops over tiles outside of those inside of a tile', () => {
    expect(
      textAfter(matmul(8, 32, 5), { primitive: 'tile', loops: ['i', 'j'], factors: [4, 8] }),
    ).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[8, 5], %B: f32[5, 32]) -> (%C: f32[8, 32]) {
        for i_0 in 2 {
          for j_0 in 4 {
            for i_1 in 4 {
              for j_1 in 8 {
                for k in 5 {
                  block C(vi: spatial(8) = i_0 * 4 + i_1, vj: spatial(32) = j_0 * 8 + j_1, vk: reduce(5) = k) {
                    init {
                      %C[vi, vj] = 0f32
                    }
                    %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
                  }
                }
              }
            }
          }
        }
      }
      "
    `);
  });

  test('guards what a tile does not divide, and takes names', () => {
    const step = { primitive: 'tile', loops: ['j', 'k'], factors: [4, 2], names: ['jo', 'ko', 'ji', 'ki'] } as const;
    expect(textAfter(matmul(2, 8, 5), step)).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[2, 5], %B: f32[5, 8]) -> (%C: f32[2, 8]) {
        for i in 2 {
          for jo in 2 {
            for ko in 3 {
              for ji in 4 {
                for ki in 2 {
                  block C(vi: spatial(2) = i, vj: spatial(8) = jo * 4 + ji, vk: reduce(5) = ko * 2 + ki) where ko * 2 + ki < 5 {
                    init {
                      %C[vi, vj] = 0f32
                    }
                    %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
                  }
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
    [{ loops: ['i'], factors: [2] }, /at least two loops/],
    [{ loops: ['i', 'i'], factors: [2, 2] }, /a loop is named twice/],
    [{ loops: ['i', 'j'], factors: [2] }, /2 factors are needed, 1 are given/],
    [{ loops: ['i', 'z'], factors: [2, 2] }, /loop 'z': there is no such loop; there are: i, j, k/],
    [{ loops: ['i', 'j'], factors: [2, 2], names: ['a', 'b'] }, /4 loop names are needed/],
  ])('refuses %o', (args, message) => {
    expect(() => applyStep(matmul(8, 8, 8), { primitive: 'tile', ...args })).toThrow(message);
  });

  test('refuses loops that do not stand in one another', () => {
    expect(() => applyStep(chain(8), { primitive: 'tile', loops: ['a', 'i'], factors: [2, 2] })).toThrow(
      /it does not stand in a chain of loops from 'a_0' down/,
    );
  });
});
