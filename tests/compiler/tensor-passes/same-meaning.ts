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

/**
 * Runs all passes; after each, the function is well-formed and computes the same to the bit. What legalize-math rounds
 * otherwise is its own test's matter: later passes are held to its results. Gives the flat form.
 */
export function expectSameMeaning(
  func: TensorFunc,
  inputs: readonly TensorData[],
  sizes?: ReadonlyMap<string, number>,
): TensorFunc {
  const run = (lowered: TensorFunc) => interpretFunc(lowered, reshaped(lowered, inputs), sizes).map(({ data }) => data);
  let expected = run(func);
  return lowerSchedule(func, (name, lowered) => {
    try {
      verifyFunc(lowered);
      const actual = run(lowered);
      if (name === 'legalize-math') expected = actual;
      expect(actual).toEqual(expected);
    } catch (error) {
      throw new Error(`after ${name}:\n${printTensorFunc(func)}\n${printTensorFunc(lowered)}`, { cause: error });
    }
  });
}
