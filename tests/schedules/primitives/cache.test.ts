import { describe, expect, test } from 'vitest';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, matmul, matmulRelu, textAfter } from '../functions.ts';

describe('cache-write', () => {
  test('lets a reduction work in a local buffer', () => {
    expect(
      textAfter(matmul(4, 8, 16), { primitive: 'cache-write', block: 'C', scope: 'local' }),
    ).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        temp %C_local: f32[4, 8] local
        for i in 4 {
          for j in 8 {
            for k in 16 {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(16) = k) {
                init {
                  %C_local[vi, vj] = 0f32
                }
                %C_local[vi, vj] = %C_local[vi, vj] + %A[vi, vk] * %B[vk, vj]
              }
            }
          }
        }
        for C_copy_0 in 4 {
          for C_copy_1 in 8 {
            block C_copy(C_copy_v0: spatial(4) = C_copy_0, C_copy_v1: spatial(8) = C_copy_1) {
              %C[C_copy_v0, C_copy_v1] = %C_local[C_copy_v0, C_copy_v1]
            }
          }
        }
      }
      "
    `);
  });

  test('refuses a block whose result is read in the same nest', () => {
    const func = applyStep(matmulRelu(4, 8, 16), { primitive: 'compute-at', block: 'C', loop: 'x' });
    expect(() => applyStep(func, { primitive: 'cache-write', block: 'C', scope: 'local' })).toThrow(
      "block 'D' in the same nest uses 'C'",
    );
  });
});

describe('cache-read', () => {
  test('copies what a block reads before it runs', () => {
    const step = { primitive: 'cache-read', block: 'C', buffer: 'B', scope: 'global', names: ['r', 'c'] } as const;
    expect(textAfter(matmul(4, 8, 16), step)).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        temp %B_global: f32[16, 8] global
        for r in 16 {
          for c in 8 {
            block B_copy(B_copy_v0: spatial(16) = r, B_copy_v1: spatial(8) = c) {
              %B_global[B_copy_v0, B_copy_v1] = %B[B_copy_v0, B_copy_v1]
            }
          }
        }
        for i in 4 {
          for j in 8 {
            for k in 16 {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(16) = k) {
                init {
                  %C[vi, vj] = 0f32
                }
                %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B_global[vk, vj]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('refuses a buffer that the block does not read', () => {
    const step = { primitive: 'cache-read', block: 'B', buffer: 'A', scope: 'local' } as const;
    expect(() => applyStep(chain(8), step)).toThrow("chain, block 'B': it does not read 'A'");
  });
});

describe('reindex-cache-read', () => {
  const windows = (index: string, extent = 8): TensorFunc =>
    parseTensorFunc(`func @windows(%A: f32[1, ${extent}]) -> (%B: f32[6]) {
      for i in 6 { for k in 3 {
        block B(v: spatial(6) = i, w: reduce(3) = k) { init { %B[v] = 0f32 } %B[v] = %B[v] + %A[0, ${index}] }
      } }
    }`);
  const step = { primitive: 'reindex-cache-read', block: 'B', buffer: 'A', scope: 'global' } as const;

  test('gathers what a block reads as its variables count it', () => {
    expect(textAfter(windows('v + w'), step)).toMatchInlineSnapshot(`
      "func @windows(%A: f32[1, 8]) -> (%B: f32[6]) {
        temp %A_global: f32[6, 3] global
        for A_copy_0 in 6 {
          for A_copy_1 in 3 {
            block A_copy(A_copy_v0: spatial(6) = A_copy_0, A_copy_v1: spatial(3) = A_copy_1) {
              %A_global[A_copy_v0, A_copy_v1] = %A[0, A_copy_v0 + A_copy_v1]
            }
          }
        }
        for i in 6 {
          for k in 3 {
            block B(v: spatial(6) = i, w: reduce(3) = k) {
              init {
                %B[v] = 0f32
              }
              %B[v] = %B[v] + %A_global[v, w]
            }
          }
        }
      }
      "
    `);
  });

  test('refuses indices that may be out of bounds, or differ', () => {
    expect(() => applyStep(windows('v + w', 7), step)).toThrow("its indices of 'A' are not known to be in bounds");
    expect(() => applyStep(windows('v] + %A[0, w'), step)).toThrow("it reads 'A' at different indices");
    expect(() => applyStep(chain(8), { ...step, buffer: 'A' })).toThrow("it does not read 'A' in its body alone");
  });
});
