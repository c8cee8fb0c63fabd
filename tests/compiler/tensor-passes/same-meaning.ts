import { expect } from 'vitest';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';

/** The inputs in the rank that a function declares: flattening keeps the elements and their order. */
const reshaped = (func: TensorFunc, inputs: readonly TensorData[]): readonly TensorData[] =>
  inputs.map((input, at) => (func.inputs[at]?.shape.length === 1 ? { ...input, shape: [input.data.length] } : input));

/** Runs all passes; after each, the function is well-formed and computes the same to the bit. Gives the flat form. */
export function expectSameMeaning(
  func: TensorFunc,
  inputs: readonly TensorData[],
  sizes?: ReadonlyMap<string, number>,
): TensorFunc {
  const expected = interpretFunc(func, inputs, sizes).map(({ data }) => data);
  return lowerSchedule(func, (name, lowered) => {
    const describeFailure = (): string => `after ${name}:\n${printTensorFunc(func)}\n${printTensorFunc(lowered)}`;
    try {
      verifyFunc(lowered);
      const actual = interpretFunc(lowered, reshaped(lowered, inputs), sizes).map(({ data }) => data);
      expect(actual).toEqual(expected);
    } catch (error) {
      throw new Error(describeFailure(), { cause: error });
    }
  });
}
