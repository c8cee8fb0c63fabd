import { type Dim, isStatic, type Shape } from '../../ir/dim.ts';
import { type DType, isBigInt, isFloat } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import type { TensorType, Value } from '../../ir/graph/graph.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';

/**
 * What an ONNX value is during the import: elements that are known now, integers that are dimensions (what Shape gives
 * and what is computed from it), or a value of the graph. The first two enter the graph only where a node needs them.
 */
export type Operand = ConstantOperand | DimsOperand | ValueOperand;

export interface ConstantOperand {
  readonly kind: 'constant';
  readonly type: TensorType;
  readonly data: TensorData;
  /** The name it has in the model, if it has one. */
  readonly name?: string;
}

export interface DimsOperand {
  readonly kind: 'dims';
  readonly type: TensorType;
  /** The elements in row-major order. */
  readonly dims: readonly Dim[];
}

export interface ValueOperand {
  readonly kind: 'value';
  readonly type: TensorType;
  readonly value: Value;
}

export function constantOperand(data: TensorData, name?: string): ConstantOperand {
  const type = { dtype: data.dtype, shape: data.shape };
  return name === undefined ? { kind: 'constant', type, data } : { kind: 'constant', type, data, name };
}

/** A constant where every dimension is a number. */
export function dimsOperand(dtype: DType, shape: readonly number[], dims: readonly Dim[]): Operand {
  return dims.every(isStatic)
    ? constantOperand(tensorOf(dtype, shape, dims))
    : { kind: 'dims', type: { dtype, shape }, dims };
}

/** A tensor of the given elements, converted to what the dtype's array holds. */
export function tensorOf(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = newArray(dtype, values.length);
  const convert = isBigInt(dtype) ? BigInt : dtype === 'f16' ? f16FromNumber : Number;
  for (const [i, value] of values.entries()) data[i] = convert(value) as never;
  return { dtype, shape, data };
}

const largest = BigInt(Number.MAX_SAFE_INTEGER);

/** The integers of a constant, those beyond 53 bits clamped; undefined where they are not known or no integers. */
export function knownIntegers(operand: Operand): readonly number[] | undefined {
  if (operand.kind !== 'constant' || isFloat(operand.type.dtype)) return undefined;
  return Array.from(operand.data.data as ArrayLike<number | bigint>, (value) => {
    if (typeof value === 'number') return value;
    return Number(value > largest ? largest : value < -largest ? -largest : value);
  });
}

/** Constants with more elements than this hold no dimensions. */
const maxDims = 4096;

/** The elements of an integer tensor as dimensions; undefined where they are not known. */
export function knownDims(operand: Operand): readonly Dim[] | undefined {
  if (operand.kind === 'dims') return operand.dims;
  if (operand.kind === 'value' || operand.data.data.length > maxDims) return undefined;
  return knownIntegers(operand);
}

/** The dimensions of a shape as numbers; undefined where one is symbolic. */
export const staticShape = (shape: Shape): readonly number[] | undefined => (shape.every(isStatic) ? shape : undefined);
