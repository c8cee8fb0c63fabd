import type { DType } from '../../dtype.ts';
import { isBigInt, isFloat } from '../../dtype.ts';
import { f16FromNumber, f16ToNumber } from '../../f16.ts';
import type { Scalar } from '../../scalar.ts';
import { newArray, type TensorData, type TypedArray } from '../../tensor-data.ts';

/** Elements as values: bigint for 64-bit integers, else number. f16 is held as double, so that it rounds only once. */
export interface Elements {
  readonly length: number;
  [index: number]: Scalar;
}

export const decode = ({ dtype, data }: TensorData): Elements =>
  dtype === 'f16' ? Float64Array.from(data as Uint16Array, f16ToNumber) : data;

/** Zeros to write values of a dtype to; a float rounds as it is written, f16 in `encode`. */
export const newElements = (dtype: DType, length: number): Elements =>
  dtype === 'f16' ? new Float64Array(length) : newArray(dtype, length);

export const encode = (dtype: DType, elements: Elements): TypedArray =>
  dtype === 'f16' ? Uint16Array.from(elements as Float64Array, f16FromNumber) : (elements as TypedArray);

/** The elements of `data` at the given offsets, in their stored form. */
export function take({ dtype, data }: TensorData, offsets: Int32Array): TypedArray {
  const result = newArray(dtype, offsets.length);
  const source: Elements = data;
  const target: Elements = result;
  for (let i = 0; i < offsets.length; i++) target[i] = source[offsets[i] as number] as Scalar;
  return result;
}

/** The dtype in which a running total is kept: floats accumulate in double and round once, integers wrap at each step. */
export const accumulatorOf = (dtype: DType): DType => (isFloat(dtype) ? 'f64' : dtype);

/** A small number as an element of a dtype. */
export const scalarOf = (dtype: DType, value: number): Scalar => (isBigInt(dtype) ? BigInt(value) : value);
