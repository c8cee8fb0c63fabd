import { describe, expect, test } from 'vitest';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { chain, matmulRelu, passing, textAfter } from '../functions.ts';

describe('compute-at', () => {
  test('computes the part that a tile reads, overlap included', () => {
    const func = textAfter(
      chain(16, 2),
      { primitive: 'split', loop: 'i', factors: [4, 4] },
      { primitive: 'compute-at', block: 'T', loop: 'i_0' },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @chain(%A: f32[18]) -> (%B: f32[16]) {
        temp %T: f32[18] global
        for i_0 in 4 {
          for T_va in 6 {
            block T(va: spatial(18) = i_0 * 4 + T_va) {
              %T[va] = exp(%A[va])
            }
          }
          for i_1 in 4 {
            block B(vi: spatial(16) = i_0 * 4 + i_1) {
              %B[vi] = %T[vi] + %T[vi + 2]
            }
          }
        }
      }
      "
    `);
  });

  test('computes no more than the predicate of its reader lets it read', () => {
    const func = parseTensorFunc(`func @f(%A: f32[12]) -> (%B: f32[12]) {
      temp %T: f32[12] global
      for a in 12 { block T(va: spatial(12) = a) { %T[va] = exp(%A[va]) } }
      for i in 2 { for j in 2 { for k in 4 {
        block B(vi: spatial(12) = i * 6 + j * 4 + k) where j * 4 + k < 6 { %B[vi] = %T[vi] * 2f32 }
      } } }
    }`);
    const inTile = textAfter(func, { primitive: 'compute-at', block: 'T', loop: 'j' });
    expect(inTile).toContain('block T(va: spatial(12) = i * 6 + j * 4 + T_va) where i * 6 + j * 4 + T_va < i * 6 + 6');
    const inBlock = textAfter(func, { primitive: 'compute-at', block: 'T', loop: 'i' });
    expect(inBlock).toContain('for T_va in 6 {');
    expect(inBlock).toContain('block T(va: spatial(12) = i * 6 + T_va) {');
  });

  test('brings a reduction under a tile that reaches over the border', () => {
    const func = textAfter(
      matmulRelu(6, 8, 16),
      { primitive: 'split', loop: 'x', factors: [null, 4] },
      { primitive: 'compute-at', block: 'C', loop: 'x_0', names: ['i', 'j', 'k'] },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @matmul_relu(%A: f32[6, 16], %B: f32[16, 8]) -> (%D: f32[6, 8]) {
        temp %C: f32[6, 8] global
        for x_0 in 2 {
          for i in 4 {
            for j in 8 {
              for k in 16 {
                block C(vi: spatial(6) = x_0 * 4 + i, vj: spatial(8) = j, vk: reduce(16) = k) where x_0 * 4 + i < 6 {
                  init {
                    %C[vi, vj] = 0f32
                  }
                  %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
                }
              }
            }
          }
          for x_1 in 4 {
            for y in 8 {
              block D(vx: spatial(6) = x_0 * 4 + x_1, vy: spatial(8) = y) where x_0 * 4 + x_1 < 6 {
                %D[vx, vy] = max(%C[vx, vy], 0f32)
              }
            }
          }
        }
      }
      "
    `);
  });

  test('refuses a loop that no reader is under', () => {
    const func = replay(chain(16), [{ primitive: 'cache-read', block: 'B', buffer: 'T', scope: 'global' }]);
    expect(() => applyStep(func, { primitive: 'compute-at', block: 'T', loop: 'i' })).toThrow(
      "chain, block 'T': no block under loop 'i' reads 'T'",
    );
  });

  const twoReaders = (indices: string): TensorFunc =>
    parseTensorFunc(`func @f(%A: f32[8, 16]) -> (%S: f32[8, 4], %B: f32[8, 16]) {
      temp %T: f32[8, 16] global
      for r in 8 {
        for a in 16 { block T(vr: spatial(8) = r, va: spatial(16) = a) { %T[vr, va] = exp(%A[vr, va]) } }
        for i in 4 { block S(vs: spatial(8) = r, vi: spatial(4) = i) { %S[vs, vi] = ${indices} } }
        for j in 16 { block B(vb: spatial(8) = r, vj: spatial(16) = j) { %B[vb, vj] = %T[vb, vj] * 2f32 } }
      }
    }`);

  test('leaves all of the buffer to readers after the loop', () => {
    const func = twoReaders('%T[vs, vi * 4] + %T[vs, vi * 4 + 3]');
    const moved = applyStep(func, { primitive: 'compute-at', block: 'T', loop: 'i' });
    expect(printTensorFunc(moved)).toContain('block T(vr: spatial(8) = r, va: spatial(16) = i * 4 + T_va)');
    const inputs = randomInputs(func, 1);
    expect(interpretFunc(moved, inputs)).toEqual(interpretFunc(func, inputs));
  });

  test('refuses where a reader after the loop would miss a part', () => {
    const missing = "block 'B' reads 'T' after loop 'i', and it is not known that all of it is computed there";
    for (const indices of ['%T[vs, vi]', '%T[vs, vi * 4] + %T[vs, vi * 4 + 2]'])
      expect(() => applyStep(twoReaders(indices), { primitive: 'compute-at', block: 'T', loop: 'i' })).toThrow(missing);
  });

  test('refuses where a reader stands before the loop', () => {
    const step = { primitive: 'compute-at', block: 'T', loop: 'j' } as const;
    expect(() => applyStep(twoReaders('%T[vs, vi]'), step)).toThrow("block 'S' reads 'T' before loop 'j'");
  });

  test('refuses a block whose init stands elsewhere', () => {
    const func = applyStep(matmulRelu(6, 8, 16), { primitive: 'decompose-reduction', block: 'C', loop: 'k' });
    expect(() => applyStep(func, { primitive: 'compute-at', block: 'C', loop: 'x' })).toThrow(
      "'C' is written by 'C_init', 'C'",
    );
  });

  test('refuses an output', () => {
    expect(() => applyStep(chain(8), { primitive: 'compute-at', block: 'B', loop: 'a' })).toThrow(
      /does not write one temp/,
    );
  });

  test('refuses what reads a value that does not last', () => {
    expect(() => applyStep(passing(8), { primitive: 'compute-at', block: 'T', loop: 'b' })).toThrow(
      "it reads 'x', which block 'x' changes in a loop that both are in",
    );
  });

  test('refuses to go before what it reads, in the statement that it leaves', () => {
    const func = replay(chain(8), [
      { primitive: 'cache-read', block: 'T', buffer: 'A', scope: 'global' },
      { primitive: 'compute-at', block: 'A_copy', loop: 'a' },
      { primitive: 'reverse-compute-at', block: 'B', loop: 'a' },
      { primitive: 'split', loop: 'a', factors: [8, 1] },
    ]);
    expect(() => applyStep(func, { primitive: 'compute-at', block: 'T', loop: 'a_0' })).toThrow(
      "it reads 'A_global', which block 'A_copy' writes after that place",
    );
  });

  test('refuses to go past a block that changes what it reads', () => {
    const func = parseTensorFunc(`func @swap(%A: f32[4]) -> (%B: f32[4]) {
      temp %R: f32[4] global
      temp %T: f32[4] global
      for r in 4 { block R(vr: spatial(4) = r) { %R[vr] = %A[vr] } }
      for t in 4 { block T(vt: spatial(4) = t) { %T[vt] = %R[vt] * 2f32 } }
      for b in 4 {
        block R_1(vw: spatial(4) = b) { %R[vw] = 0f32 }
        block B(vb: spatial(4) = b) { %B[vb] = %T[vb] + %R[vb] }
      }
    }`);
    expect(() => applyStep(func, { primitive: 'compute-at', block: 'T', loop: 'b' })).toThrow(
      "it reads 'R', which block 'R_1' writes after that place",
    );
  });

  test('refuses a reduction whose order means something', () => {
    const func = parseTensorFunc(`func @horner(%A: f32[4]) -> (%B: f32[2]) {
      temp %P: f32[1] global
      for k in 2 { for l in 2 {
        block P(vk: reduce(4) = l * 2 + k) { init { %P[0] = 0f32 } %P[0] = %P[0] * 2f32 + %A[vk] }
      } }
      for b in 2 { block B(vb: spatial(2) = b) { %B[vb] = %P[0] } }
    }`);
    expect(() => applyStep(func, { primitive: 'compute-at', block: 'P', loop: 'b' })).toThrow(
      "its reduction is not one update of 'P', so its order must stay",
    );
  });
});
