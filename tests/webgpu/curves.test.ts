import { describe, expect, test } from 'vitest';
import { lowerForWebgpu } from '../../compiler/tensor-passes/index.ts';
import { binaryFunction, type UnaryOp, unaryFunction } from '../../ir/scalar.ts';
import { binary, buffer, int, load, loop, mul, ramp, store, unary, variable } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { pairs, tensor } from '../compiler/codegen/edge-values.ts';
import { openDevice } from './devices.ts';
import { runKernelOnGpu } from './run-kernel.ts';

const curves = 'exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid'.split(
  ' ',
) as readonly UnaryOp[];

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const points = [0, -0, 0.1, -0.3, 0.5, 1, -1, 1.5, 2.5, -3, 7, -20, 88, 300.5, -1e4, 1e6, nan, inf, -inf, 0.75];
const powers = [0, 0.5, 1, 2, -2, 3, 2.5, -0.5, 10, 0.1, -7, nan];

/** Drivers reassociate: what an expansion rests on has to hold all the same. */
const isClose = (actual: number, expected: number): boolean =>
  Object.is(actual, expected) || actual === expected || Math.abs(actual - expected) <= 1e-6 + 2e-5 * Math.abs(expected);

async function differences(
  device: GPUDevice,
  columns: readonly (readonly number[])[],
  make: (loads: readonly Expr[]) => Expr,
  meaning: (...operands: readonly number[]) => number,
): Promise<readonly string[]> {
  const count = columns[0]?.length ?? 0;
  const inputs = columns.map((_, i) => buffer(`in${i}`, 'f32', [count]));
  const output = buffer('out', 'f32', [count]);
  const place = ramp(mul(variable('i'), int(4)), 4);
  const body = loop('i', int(count / 4), store(output, [place], make(inputs.map((input) => load(input, [place])))));
  const func = { name: 'curve', sizes: [], inputs, outputs: [output], temps: [], body };
  const operands = columns.map((column) => tensor('f32', column));
  const [result] = await runKernelOnGpu(device, lowerForWebgpu(func), operands);
  return Array.from(result?.data as Float32Array).flatMap((actual, i) => {
    const row = operands.map(({ data }) => Number(data[i]));
    const expected = meaning(...row);
    return isClose(actual, expected) ? [] : [`of ${row.join(', ')}: ${actual} instead of ${expected}`];
  });
}

const { name, device } = await openDevice();

describe.skipIf(device === undefined)(`on ${name}`, () => {
  test.each(curves)('%s', async (op) => {
    const meaning = unaryFunction(op, 'f32') as (x: number) => number;
    const make = ([x]: readonly Expr[]) => unary(op, x as Expr);
    expect(await differences(device as GPUDevice, [points], make, meaning)).toEqual([]);
  });

  test('pow', async () => {
    const [bases, exponents] = pairs(powers) as [number[], number[]];
    const meaning = binaryFunction('pow', 'f32') as (x: number, y: number) => number;
    const make = ([x, y]: readonly Expr[]) => binary('pow', x as Expr, y as Expr);
    expect(await differences(device as GPUDevice, [bases, exponents], make, meaning)).toEqual([]);
  });
});
