import { describe, expect, test } from 'vitest';
import { emitWasm, emitWat } from '../../../compiler/codegen/wasm/index.ts';
import { countKernel } from '../../../compiler/counts/count-kernel.ts';
import { dotProducts } from '../../../compiler/tensor-passes/dot-products.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { newArray, type TensorData } from '../../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { runKernel } from '../codegen/run-kernel.ts';

const func = (body: string, a = 'u8', b = 'i8') =>
  parseTensorFunc(`func @f(%a: ${a}[4], %b: ${b}[16]) -> (%c: i32[4]) {
    %c[ramp<4>(0)] = broadcast<4>(7)
    ${body}
  }`);

const every2 = (start: number) => `ramp<4>(0) * broadcast<4>(2) + broadcast<4>(${start})`;
const sum = (a: string, b: string, c = 'ramp<4>(0)') =>
  `%c[${c}] = %c[${c}] + broadcast<4>(cast<i32>(%a[${a}])) * cast<i32>(%b[${b}])`;

const printed = (body: string): string => printTensorFunc(dotProducts(func(body)));

const filled = (dtype: 'i8' | 'u8' | 'i16', values: readonly number[], length: number): TensorData => {
  const data = newArray(dtype, length);
  for (let i = 0; i < length; i++) data[i] = values[i % values.length] as number;
  return { dtype, shape: [length], data };
};

describe('dotProducts', () => {
  test('adds two products at a time', () => {
    const pair = `%c[ramp<4>(0)] = %c[ramp<4>(0)] + dot(cast<i16>(broadcast<8>(%a[ramp<2>(2)])), cast<i16>(%b[ramp<8>(8)]))`;
    const result = printed(`${sum('2', every2(8))} ${sum('3', every2(9))}`);
    expect(result).toBe(printTensorFunc(func(pair)));
    expect(printTensorFunc(parseTensorFunc(result))).toBe(result);
  });

  test('pairs the sums of each vector, past those of others', () => {
    const rows = ['0', '1', '2', '3'].map((a) => sum(a, every2(Number(a) % 2)));
    expect(printed(rows.join('\n')).match(/dot/g)).toHaveLength(2);
  });

  test.each([
    ['factors that are no neighbours', sum('2', every2(8)) + sum('1', every2(9))],
    ['factors that are neighbours the other way round', sum('3', every2(9)) + sum('2', every2(8))],
    ['elements that do not stand in pairs', sum('0', 'ramp<4>(0)') + sum('1', 'ramp<4>(1)')],
    ['sums of which one is read between', `${sum('0', every2(0))} %c[0] = %c[1] ${sum('1', every2(1))}`],
    ['sums of other elements', sum('0', every2(0)) + sum('1', every2(1), 'broadcast<4>(0) + ramp<4>(0)')],
  ])('leaves %s', (_, body) => {
    expect(printed(body)).toBe(printTensorFunc(func(body)));
  });

  test.each([
    ['i8', 'i8', [-128, 127], [-128, 127, -128, -128]],
    ['u8', 'i8', [255, 0], [-128, -128, 127]],
    ['u8', 'u8', [255], [255]],
    ['i16', 'u8', [-255, 255], [255]],
    ['i16', 'i16', [-32768], [-32768]],
  ] as const)('of %s and %s is exact at the ends of their ranges', async (a, b, left, right) => {
    const plain = func(
      `${sum('0', every2(0))} ${sum('1', every2(1))} ${sum('2', every2(8))} ${sum('3', every2(9))}`,
      a,
      b,
    );
    const paired = dotProducts(plain);
    verifyFunc(paired);
    const inputs = [filled(a, left, 4), filled(b, right, 16)];
    const expected = interpretFunc(plain, inputs);
    expect(interpretFunc(paired, inputs)).toEqual(expected);
    expect(await runKernel(paired, inputs)).toEqual(expected);
    expect(await runKernel(paired, inputs, new Map(), { relaxedSimd: true })).toEqual(expected);
    expect((await emitWat(await emitWasm([paired]))).match(/i32x4\.dot_i16x8_s/g)).toHaveLength(2);
  });

  test('a pair of products is one operation, whose packed operand is widened by its load', () => {
    const { counts } = countKernel(dotProducts(func(`${sum('0', every2(0))} ${sum('1', every2(1))}`)));
    // The pair of %a is widened; the dot and the sum.
    expect(counts).toMatchObject({ vectorOps: 3, loads: 3, loadedBytes: 2 + 8 + 16 });
  });
});
