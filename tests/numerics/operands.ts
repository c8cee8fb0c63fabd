import { type DType, dtypeTable, isBigInt, isFloat } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import type { Scalar } from '../../ir/scalar.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { edgeValues } from '../compiler/codegen/edge-values.ts';
import { randomNumbers } from '../generators/random.ts';
import { randomTensor } from '../generators/tensor-inputs.ts';

/** What an operator is applied to: an input of the program, or a constant. */
export interface Operand {
  readonly data: TensorData;
  readonly isConstant: boolean;
}

type OfShape = (shape: readonly number[]) => Operand;

/** Operands of one dtype, the same each time. */
export interface Operands {
  /** The ends of the range, zeros of both signs, what is no number. */
  readonly awkward: OfShape;
  /** Small numbers of both signs: sums of floats are exact. */
  readonly ordinary: OfShape;
  /** Small numbers, and here and there the ends of the range of integers, and infinities, zeros and NaN of floats. */
  readonly sparse: OfShape;
  /** Indices into an axis of some size, from its end as well. */
  readonly indices: (shape: readonly number[], size: number) => Operand;
  /** Indices of which those along the first axis differ. */
  readonly distinct: (shape: readonly number[], size: number) => Operand;
  readonly constant: (operand: Operand) => Operand;
  readonly of: (dtype: DType) => Operands;
}

/** Operands of those values that a device holds. */
export function operandsOf(dtype: DType, holds: (value: Scalar, dtype: DType) => boolean): Operands {
  const random = randomNumbers(dtypeTable[dtype].bytes);
  const edges = edgeValues(dtype).filter((value) => holds(value, dtype));
  const input = (data: TensorData): Operand => ({ data, isConstant: false });
  const fill = (shape: readonly number[], value: (i: number) => Scalar): Operand => {
    const data = newArray(dtype, elementCount(shape));
    for (let i = 0; i < data.length; i++) data[i] = encode(dtype, value(i)) as never;
    return input({ dtype, shape, data });
  };
  const rare = isFloat(dtype) ? edges.filter((value) => value === 0 || !Number.isFinite(value)) : edges;
  const ordinary: OfShape = (shape) => input(randomTensor(dtype, shape, random));
  return {
    awkward: (shape) => {
      const start = Math.floor(random() * edges.length);
      return fill(shape, (i) => edges[(start + i) % edges.length] as Scalar);
    },
    ordinary,
    sparse: (shape) => {
      const { data } = ordinary(shape);
      const sparse = data.data as unknown as Scalar[];
      for (let i = 7; i < sparse.length; i += 13)
        sparse[i] = encode(dtype, rare[Math.floor(random() * rare.length)] as Scalar);
      return input(data);
    },
    indices: (shape, size) => fill(shape, () => index(dtype, Math.floor(random() * 2 * size) - size)),
    distinct: (shape, size) => {
      const row = elementCount(shape.slice(1));
      return fill(shape, (i) => index(dtype, (Math.floor(i / row) * (size - 1)) % size));
    },
    constant: ({ data }) => ({ data, isConstant: true }),
    of: (other) => operandsOf(other, holds),
  };
}

const index = (dtype: DType, value: number): Scalar => (isBigInt(dtype) ? BigInt(value) : value);
const encode = (dtype: DType, value: Scalar): Scalar => (dtype === 'f16' ? f16FromNumber(value as number) : value);
