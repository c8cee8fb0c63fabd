import { describe, expect, test } from 'vitest';
import { countKernel } from '../../../compiler/counts/count-kernel.ts';
import { instructionsOf } from '../../../compiler/counts/counts.ts';
import { fuseMultiplyAdd } from '../../../compiler/tensor-passes/fuse-multiply-add.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { wasmRelaxedSimd } from '../../../schedules/target/target.ts';
import { scheduledGemm } from '../tensor-passes/programs.ts';

const count = (text: string) => countKernel(parseTensorFunc(text));

describe('counts of a kernel', () => {
  test('what a dense layer of two rows executes, by hand', () => {
    const { counts, footprint, loops } = count(`
      func @dense(%in0: f32[58], %in2: f32[4], %in1_packed: f32[116]) -> (%out0: f32[8]) {
        var a = broadcast<4>(0f32)
        var b = broadcast<4>(0f32)
        for k in 29 {
          let w = %in1_packed[ramp<4>(k * 4)]
          let p = broadcast<4>(%in0[k]) * w:f32x4
          let q = broadcast<4>(%in0[k + 29]) * w:f32x4
          a := a:f32x4 + p:f32x4
          b := b:f32x4 + q:f32x4
        }
        let bias = %in2[ramp<4>(0)]
        %out0[ramp<4>(0)] = max(a:f32x4 + bias:f32x4, broadcast<4>(0f32))
        %out0[ramp<4>(4)] = max(b:f32x4 + bias:f32x4, broadcast<4>(0f32))
      }`);
    expect(counts).toEqual({
      flops: 29 * 16 + 16,
      vectorOps: 29 * 4 + 4,
      scalarOps: 0,
      loads: 29 * 3 + 1,
      stores: 2,
      loadedBytes: 29 * 24 + 16,
      storedBytes: 32,
    });
    expect(instructionsOf(counts)).toBe(29 * 7 + 7);
    expect(footprint).toBe(4 * (58 + 4 + 116 + 8));
    // Two accumulators, the weights, the first product and the element of the second row.
    expect(loops).toMatchObject([{ loopVar: 'k', rounds: 29, vectorsAlive: 5, counts: { loads: 3, vectorOps: 4 } }]);
  });

  test('the innermost loops of a kernel, the hottest first, with the rounds of all loops around', () => {
    const { counts, loops } = count(`
      func @f(%x: f32[64]) -> (%y: f32[64]) {
        for i in 3 { %y[i] = 0f32 }
        for j in 5 {
          for k in 7 { %y[j] = %x[k] * %x[j] + %y[j] }
          let zero = 0f32
          for l in j { %y[l] = zero:f32 }
        }
      }`);
    expect(loops.map(({ loopVar, rounds }) => [loopVar, rounds])).toEqual([
      ['k', 35],
      ['l', 20],
      ['i', 3],
    ]);
    expect(counts).toMatchObject({ scalarOps: 70, flops: 70, loads: 105, stores: 3 + 35 + 20 });
  });

  test('a gather loads each lane, and no more of a table counts than is read', () => {
    const { counts, footprint } = count(`
      func @f(%table: f32[4000], %at: i32[4]) -> (%y: f32[4]) {
        %y[ramp<4>(0)] = %table[%at[ramp<4>(0)] * broadcast<4>(2i32)]
      }`);
    expect(counts).toMatchObject({ loads: 5, stores: 1, loadedBytes: 32, vectorOps: 0 });
    expect(footprint).toBe(48);
  });

  test('of two branches, the one that executes more', () => {
    const { counts } = count(`
      func @f(%x: f32[8]) -> (%y: f32[8]) {
        for i in 8 {
          if i < 3 { %y[i] = %x[i] } else { %y[i] = sqrt(%x[i]) * %x[0] }
        }
      }`);
    expect(counts).toMatchObject({ loads: 16, stores: 8, flops: 16 });
  });

  test('sizes that are not known are refused', () => {
    const text = 'func @f(n)(%x: f32[n]) -> (%y: f32[n]) { for i in n { %y[i] = %x[i] } }';
    expect(() => count(text)).toThrow(UnsupportedError);
  });
});

describe('vectors alive in a loop', () => {
  test.each([
    { rows: 5, columns: 8, alive: 10 + 2 + 1 + 1 },
    { rows: 4, columns: 8, alive: 8 + 2 + 1 + 1 },
    { rows: 6, columns: 8, alive: 12 + 2 + 1 + 1 },
    { rows: 3, columns: 12, alive: 9 + 3 + 2 + 1 },
  ])(
    'a tile of $rows x $columns: accumulators, weights, all products of a row but one, an element',
    ({ rows, columns, alive }) => {
      const gemm = lowerSchedule(scheduledGemm({ m: rows * 2, n: columns * 2, k: 16, rows, columns, steps: 1 }));
      expect(countKernel(gemm).loops[0]).toMatchObject({ loopVar: 'k0', rounds: 64, vectorsAlive: alive });
    },
  );

  test('a fused product takes neither a register nor an operation of its own', () => {
    const tile = scheduledGemm({ m: 12, n: 16, k: 16, rows: 6, columns: 8, steps: 1 });
    const { counts, loops } = countKernel(fuseMultiplyAdd(lowerSchedule(tile)), wasmRelaxedSimd);
    expect(loops[0]).toMatchObject({ vectorsAlive: 12 + 2 + 1, counts: { vectorOps: 12, flops: 96 } });
    expect(counts.flops).toBe(2 * 12 * 16 * 16 + 2 * 12 * 16);
  });

  const alive = (body: string) =>
    count(`func @f(%x: f32[64]) -> (%y: f32[64]) {
      let scale = broadcast<4>(%x[0])
      for i in 16 { ${body} }
    }`).loops[0]?.vectorsAlive;

  test('a chain needs one register, and one for what lasts', () => {
    expect(alive('%y[ramp<4>(i * 4)] = sqrt(%x[ramp<4>(i * 4)]) * scale:f32x4')).toBe(2);
  });

  test('equal constants share a register, others do not', () => {
    const one = 'broadcast<4>(1f32)';
    expect(alive(`%y[ramp<4>(i * 4)] = (%x[ramp<4>(i * 4)] + ${one}) * ${one}`)).toBe(2);
    expect(alive(`%y[ramp<4>(i * 4)] = (%x[ramp<4>(i * 4)] + ${one}) * broadcast<4>(2f32)`)).toBe(3);
  });

  test('a name is alive until it is read for the last time', () => {
    const twice = 'let a = %x[ramp<4>(i * 4)]  let b = a:f32x4 * a:f32x4';
    expect(alive(`${twice}  %y[ramp<4>(i * 4)] = b:f32x4`)).toBe(1);
    expect(alive(`${twice}  %y[ramp<4>(i * 4)] = b:f32x4 - a:f32x4`)).toBe(2);
  });
});
