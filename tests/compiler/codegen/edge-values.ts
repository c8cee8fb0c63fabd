import { type DType, dtypeTable, isBigInt } from '../../../ir/dtype.ts';
import { f16FromNumber, f16ToNumber } from '../../../ir/f16.ts';
import type { Scalar } from '../../../ir/scalar.ts';
import { newArray, type TensorData } from '../../../ir/tensor-data.ts';

/** The values of a dtype at which operations go wrong. */
export function edgeValues(dtype: DType): readonly Scalar[] {
  const { kind, bytes } = dtypeTable[dtype];
  if (kind === 'bool') return [0, 1, 1, 0];
  if (kind === 'float') {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const shared = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -7, 0.1, 100.7, -300.2, 2047, 65504, nan, inf, -inf];
    if (dtype === 'f16') return [...shared, 2 ** -24, -(2 ** -14), 1e-5, 60000];
    if (dtype === 'f32')
      return [...shared, 1e-45, -1e-40, 3.4e38, -3.4e38, 2147483648, 4294967296, -3e9, 16777217, 1e10];
    return [...shared, 5e-324, -1e-310, 1.7e308, 2147483647.5, 4294967296, -9.3e18, 1.9e19, 1e15 + 0.5, 1e300];
  }
  const bits = BigInt(bytes * 8);
  const [low, high] = kind === 'int' ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  const small = [0n, 1n, 2n, 3n, 5n, 7n, 8n, 15n, 31n, 33n, 64n, 100n].filter((x) => x <= high);
  const negative = kind === 'int' ? [-1n, -2n, -3n, -7n, -8n, -100n] : [];
  const values = [...small, ...negative, low, low + 1n, high, high - 1n];
  return isBigInt(dtype) ? values : values.map(Number);
}

/** Two columns that hold every pair of the values, and a multiple of four of them. */
export function pairs(values: readonly Scalar[]): readonly [readonly Scalar[], readonly Scalar[]] {
  const all = values.flatMap((a) => values.map((b) => [a, b] as const));
  while (all.length % 4 !== 0) all.push(all[0] as readonly [Scalar, Scalar]);
  return [all.map(([a]) => a), all.map(([, b]) => b)];
}

const encode = (dtype: DType, value: Scalar): Scalar => (dtype === 'f16' ? f16FromNumber(value as number) : value);
const decode = (dtype: DType, value: Scalar): Scalar => (dtype === 'f16' ? f16ToNumber(value as number) : value);

export function tensor(dtype: DType, values: readonly Scalar[]): TensorData {
  const data = newArray(dtype, values.length);
  for (const [i, value] of values.entries()) data[i] = encode(dtype, value) as never;
  return { dtype, shape: [values.length], data };
}

export const scalarsOf = ({ dtype, data }: TensorData): readonly Scalar[] =>
  Array.from(data as Iterable<Scalar>, (value) => decode(dtype, value));
