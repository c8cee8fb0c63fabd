import type { Shape } from '../../../ir/dim.ts';
import type { DType } from '../../../ir/dtype.ts';
import { isBigInt } from '../../../ir/dtype.ts';
import { f16FromNumber, f16ToNumber } from '../../../ir/f16.ts';
import type { TensorType } from '../../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../../ir/graph/op-attrs.ts';
import { opTable } from '../../../ir/graph/op-table.ts';
import type { Scalar } from '../../../ir/scalar.ts';
import { newArray, type TensorData } from '../../../ir/tensor-data.ts';

/** A tensor of the given values; f16 values are given as numbers. */
export function tensor(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = newArray(dtype, values.length);
  values.forEach((value, i) => {
    (data as { [i: number]: Scalar })[i] = isBigInt(dtype)
      ? BigInt(value)
      : dtype === 'f16'
        ? f16FromNumber(value)
        : value;
  });
  return { dtype, shape, data };
}

export const f32 = (shape: readonly number[], values: readonly number[]): TensorData => tensor('f32', shape, values);

/** 0, 1, 2, … in a shape. */
export const counting = (shape: readonly number[], dtype: DType = 'f32'): TensorData =>
  tensor(
    dtype,
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

export const valuesOf = ({ dtype, data }: TensorData): number[] =>
  Array.from(data as ArrayLike<Scalar>, (value) => (dtype === 'f16' ? f16ToNumber(value as number) : Number(value)));

/** Infers and evaluates: the results must have the inferred types. */
export function runAll<K extends OpName>(
  op: K,
  inputs: readonly TensorData[],
  attrs: OpAttrs[K],
): readonly TensorData[] {
  const row = opTable[op];
  const types = row.infer(inputs, attrs);
  const results = row.evaluate(inputs, attrs, types);
  results.forEach(({ dtype, shape, data }, i) => {
    const type = types[i];
    const length = shape.reduce((a, b) => a * b, 1);
    if (dtype !== type?.dtype || JSON.stringify(shape) !== JSON.stringify(type.shape) || data.length !== length) {
      throw new Error(`${op} gave ${dtype}[${shape.join()}] of ${data.length}, inferred ${JSON.stringify(type)}`);
    }
  });
  return results;
}

export const run = <K extends OpName>(op: K, inputs: readonly TensorData[], attrs: OpAttrs[K]): TensorData =>
  runAll(op, inputs, attrs)[0] as TensorData;

export const infer = <K extends OpName>(
  op: K,
  inputs: readonly (readonly [DType, Shape])[],
  attrs: OpAttrs[K],
): readonly TensorType[] =>
  opTable[op].infer(
    inputs.map(([dtype, shape]) => ({ dtype, shape })),
    attrs,
  );
