import { isBigInt, isFloat } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';

/** Floats in [-1, 1), integers from 0 to 9, which as indices are likely to be valid, and either bool. */
export function randomTensor({ dtype, shape }: Pick<TensorData, 'dtype' | 'shape'>, next: () => number): TensorData {
  const data = newArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const value = next();
    if (isFloat(dtype)) data[i] = dtype === 'f16' ? f16FromNumber(2 * value - 1) : 2 * value - 1;
    else if (isBigInt(dtype)) data[i] = BigInt(Math.floor(10 * value));
    else data[i] = Math.floor((dtype === 'bool' ? 2 : 10) * value);
  }
  return { dtype, shape, data };
}
