import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { matmul, matmulRelu, textAfter } from '../functions.ts';

const panels = [{ dim: 1, div: 8 }, { dim: 0 }, { dim: 1, mod: 8 }];

describe('transform-layout', () => {
  test('packs an input in a block of its own, padded with zeros', () => {
    const step = { primitive: 'transform-layout', buffer: 'B', layout: panels } as const;
    expect(textAfter(matmul(4, 12, 16), step)).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 12]) -> (%C: f32[4, 12]) {
        temp %B_packed: f32[2, 16, 8] global
        for B_pack_0 in 2 {
          for B_pack_1 in 16 {
            for B_pack_2 in 8 {
              block B_pack(B_pack_v0: spatial(2) = B_pack_0, B_pack_v1: spatial(16) = B_pack_1, B_pack_v2: spatial(8) = B_pack_2) {
                %B_packed[B_pack_v0, B_pack_v1, B_pack_v2] = select(B_pack_v0 * 8 + B_pack_v2 < 12, %B[B_pack_v1, B_pack_v0 * 8 + B_pack_v2], 0f32)
              }
            }
          }
        }
        for i in 4 {
          for j in 12 {
            for k in 16 {
              block C(vi: spatial(4) = i, vj: spatial(12) = j, vk: reduce(16) = k) {
                init {
                  %C[vi, vj] = 0f32
                }
                %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B_packed[floordiv(vj, 8), vk, floormod(vj, 8)]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('addresses a temp anew', () => {
    const step = { primitive: 'transform-layout', buffer: 'C', layout: panels } as const;
    expect(textAfter(matmulRelu(4, 16, 3), step)).toMatchInlineSnapshot(`
      "func @matmul_relu(%A: f32[4, 3], %B: f32[3, 16]) -> (%D: f32[4, 16]) {
        temp %C: f32[2, 4, 8] global
        for i in 4 {
          for j in 16 {
            for k in 3 {
              block C(vi: spatial(4) = i, vj: spatial(16) = j, vk: reduce(3) = k) {
                init {
                  %C[floordiv(vj, 8), vi, floormod(vj, 8)] = 0f32
                }
                %C[floordiv(vj, 8), vi, floormod(vj, 8)] = %C[floordiv(vj, 8), vi, floormod(vj, 8)] + %A[vi, vk] * %B[vk, vj]
              }
            }
          }
        }
        for x in 4 {
          for y in 16 {
            block D(vx: spatial(4) = x, vy: spatial(16) = y) {
              %D[vx, vy] = max(%C[floordiv(vy, 8), vx, floormod(vy, 8)], 0f32)
            }
          }
        }
      }
      "
    `);
  });

  test.each([
    ['C', panels, /the layout of an output must stay/],
    ['B', [{ dim: 0 }], /dimension 1 is missing/],
    ['B', [{ dim: 0 }, { dim: 2 }], /it has no dimension 2; there are 2/],
    ['B', [{ dim: 0 }, { dim: 1, div: 8 }], /one starts at 8, expected 1/],
    ['B', [{ dim: 0 }, { dim: 1, div: 8 }, { dim: 1, mod: 4 }], /one starts at 8, expected 4/],
    ['B', [{ dim: 0 }, { dim: 1, mod: 8 }], /dimension 1 is cut off/],
  ])('refuses %s as %o', (buffer, layout, message) => {
    expect(() => applyStep(matmul(4, 12, 16), { primitive: 'transform-layout', buffer, layout })).toThrow(message);
  });
});
