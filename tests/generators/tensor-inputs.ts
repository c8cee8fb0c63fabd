import { bindDim, type Dim, isStatic } from '../../ir/dim.ts';
import { type DType, dtypeTable, isBigInt } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import type { Scalar } from '../../ir/scalar.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { randomNumbers } from './random.ts';

/** Inputs that fit a function's, the same for the same seed. Floats are small multiples of 1/4, so that sums are exact. */
export function randomInputs(
  func: TensorFunc,
  seed: number,
  sizes: ReadonlyMap<string, number> = new Map(),
): TensorData[] {
  const random = randomNumbers(seed);
  return func.inputs.map(({ dtype, shape }) => randomTensor(dtype, concreteShape(shape, sizes), random));
}

export function randomTensor(dtype: DType, shape: readonly number[], random: () => number): TensorData {
  const data = newArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = randomElement(dtype, random);
  return { dtype, shape, data };
}

function randomElement(dtype: DType, random: () => number): Scalar {
  const { kind } = dtypeTable[dtype];
  const small = Math.floor(random() * 33) - 16;
  if (kind === 'bool') return small & 1;
  if (kind === 'float') return dtype === 'f16' ? f16FromNumber(small / 4) : small / 4;
  const value = kind === 'uint' ? small + 16 : small;
  return isBigInt(dtype) ? BigInt(value) : value;
}

function concreteShape(shape: readonly Dim[], sizes: ReadonlyMap<string, number>): readonly number[] {
  return shape.map((dim) => {
    const value = bindDim(dim, sizes);
    if (!isStatic(value)) throw new Error(`the size of a dimension is not given: ${JSON.stringify(dim)}`);
    return value;
  });
}
