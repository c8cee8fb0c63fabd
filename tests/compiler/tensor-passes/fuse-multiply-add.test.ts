import { describe, expect, test } from 'vitest';
import { emitWasm, emitWat } from '../../../compiler/codegen/wasm/index.ts';
import { fuseMultiplyAdd } from '../../../compiler/tensor-passes/fuse-multiply-add.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { runKernel } from '../codegen/run-kernel.ts';
import { scheduledGemm } from './programs.ts';

const func = (body: string): string => `func @f(%x: f32[8]) -> (%y: f32[8]) {
  let a = %x[ramp<4>(0)]
  let b = %x[ramp<4>(4)]
  var c = broadcast<4>(0f32)
  ${body}
  %y[ramp<4>(0)] = c:f32x4
  %y[ramp<4>(4)] = b:f32x4
}`;

const fused = (body: string): string => printTensorFunc(fuseMultiplyAdd(parseTensorFunc(func(body))));
const plain = (body: string): string => printTensorFunc(parseTensorFunc(func(body)));

describe('fuseMultiplyAdd', () => {
  test('puts a product into the sum that it is named for', () => {
    const named = 'let p = a:f32x4 * b:f32x4 { c := c:f32x4 + p:f32x4 }';
    expect(fused(named)).toBe(plain('c := c:f32x4 + a:f32x4 * b:f32x4'));
  });

  test.each([
    ['one that is used twice', 'let p = a:f32x4 * b:f32x4 { c := c:f32x4 + p:f32x4 c := c:f32x4 + p:f32x4 }'],
    ['one that is added to something else', 'let p = a:f32x4 * b:f32x4 { c := a:f32x4 + p:f32x4 }'],
    [
      'one whose operand has another value by then',
      'let p = a:f32x4 * c:f32x4 { c := a:f32x4 c := c:f32x4 + p:f32x4 }',
    ],
    ['a sum', 'let p = a:f32x4 + b:f32x4 { c := c:f32x4 + p:f32x4 }'],
  ])('leaves %s', (_, body) => {
    expect(fused(body)).toBe(plain(body));
  });

  test.each([
    { m: 7, n: 12, k: 9, rows: 4, columns: 8, steps: 2 },
    { m: 20, n: 32, k: 64, rows: 5, columns: 8, steps: 2 },
  ])('keeps what $m x $n x $k means, and its kernel multiplies and adds in one instruction', async (shape) => {
    const lowered = lowerSchedule(scheduledGemm(shape));
    const result = fuseMultiplyAdd(lowered);
    verifyFunc(result);
    const inputs = randomInputs(lowered, 1);
    const expected = interpretFunc(lowered, inputs);
    expect(interpretFunc(result, inputs)).toEqual(expected);
    const options = { relaxedSimd: true };
    const text = await emitWat(await emitWasm([result], options));
    expect(text).toContain('f32x4.relaxed_madd');
    expect(text).not.toContain('f32x4.mul');
    const actual = await runKernel(result, inputs, new Map(), options);
    const [sums, references] = [actual[0]?.data as Float32Array, expected[0]?.data as Float32Array];
    for (const [i, sum] of sums.entries()) expect(sum).toBeCloseTo(references[i] as number, 3);
  });

  test('a product within any sum or difference of vectors is one instruction with it', async () => {
    const body = '%y[ramp<4>(0)] = c:f32x4 - a:f32x4 * (b:f32x4 * a:f32x4 + c:f32x4)';
    const options = { relaxedSimd: true };
    const text = await emitWat(await emitWasm([parseTensorFunc(func(body))], options));
    expect(text.match(/f32x4\.\w+/g)).toEqual(['f32x4.relaxed_nmadd', 'f32x4.relaxed_madd']);
  });
});
