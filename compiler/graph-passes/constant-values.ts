import type { DType } from '../../ir/dtype.ts';
import { isBigInt } from '../../ir/dtype.ts';
import { f16FromNumber, f16ToNumber } from '../../ir/f16.ts';
import type { Scalar } from '../../ir/scalar.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';

/** The element at a flat index, decoded. */
export function elementAt({ dtype, data }: TensorData, index: number): Scalar {
  const raw = data[index] as Scalar;
  return dtype === 'f16' ? f16ToNumber(Number(raw)) : raw;
}

/** Whether elements are stored as the numbers that they are: a typed array converts them. */
const isPlain = (dtype: DType): boolean => dtype !== 'f16' && !isBigInt(dtype);

/** All elements, decoded and as numbers. */
export function numbersOf(tensor: TensorData): Float64Array {
  const numbers = new Float64Array(tensor.data.length);
  if (isPlain(tensor.dtype)) numbers.set(tensor.data as Float64Array);
  else for (let i = 0; i < numbers.length; i++) numbers[i] = Number(elementAt(tensor, i));
  return numbers;
}

/** The value that all elements have, or undefined. Zeros of different sign are different. */
export function uniformValue(tensor: TensorData): Scalar | undefined {
  if (tensor.data.length === 0) return undefined;
  const first = elementAt(tensor, 0);
  for (let i = 1; i < tensor.data.length; i++) if (!Object.is(elementAt(tensor, i), first)) return undefined;
  return first;
}

/** Whether all elements are this number; of integers, zero has no sign. */
export function isFilledWith(tensor: TensorData | undefined, value: number): boolean {
  if (tensor === undefined) return false;
  const found = uniformValue(tensor);
  if (typeof found === 'bigint') return found === BigInt(value);
  return Object.is(found, value);
}

/** A tensor whose elements are given as numbers (rounded to the dtype by storing them). */
export function tensorOf(dtype: DType, shape: readonly number[], values: ArrayLike<number>): TensorData {
  const data = newArray(dtype, values.length);
  if (isPlain(dtype)) (data as Float64Array).set(values);
  else
    for (let i = 0; i < data.length; i++) {
      const value = values[i] as number;
      data[i] = isBigInt(dtype) ? BigInt(value) : f16FromNumber(value);
    }
  return { dtype, shape, data };
}
