import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';
import { arbitraryFlatKernel } from './flat-kernels.ts';
import { runKernel, type Sizes } from './run-kernel.ts';

/** Vector code may take either of two zeros for a minimum or maximum, and a NaN's bits are no part of its meaning. */
const canonical = ({ dtype, data }: TensorData): readonly unknown[] =>
  Array.from(data as Iterable<number | bigint>, (x) => {
    if (dtype === 'f16' && typeof x === 'number') return (x & 0x7fff) > 0x7c00 ? Number.NaN : x === 0x8000 ? 0 : x;
    return x === 0 ? 0 : x;
  });

/** Asserts that the kernel and the interpreter compute the same. */
async function expectSameResults(func: TensorFunc, inputs: readonly TensorData[], sizes: Sizes): Promise<void> {
  try {
    const results = await runKernel(func, inputs, sizes);
    expect(results.map(canonical)).toEqual(interpretFunc(func, inputs, sizes).map(canonical));
  } catch (error) {
    throw new Error(`of the kernel\n${printTensorFunc(func)}`, { cause: error });
  }
}

const flattened = (inputs: readonly TensorData[]): readonly TensorData[] =>
  inputs.map((input) => ({ ...input, shape: [input.data.length] }));

test('a lowered function of any dtype runs as the interpreter says', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTensorFunc(), fc.nat(), async (func, seed) => {
      await expectSameResults(lowerSchedule(func), flattened(randomInputs(func, seed)), new Map());
      expect(func.outputs.length).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
});

test('addresses of any form, in any loops, under any guard, are formed right', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryFlatKernel(), async ({ func, inputs, sizes }) => {
      await expectSameResults(func, inputs, sizes);
      expect(func.outputs).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
});
