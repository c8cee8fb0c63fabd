import { type Dim, isStatic } from '../../../ir/dim.ts';
import { type DType, dtypeTable } from '../../../ir/dtype.ts';
import type { Node } from '../../../ir/graph/graph.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import * as interval from './interval.ts';
import { hull, type Interval, i32Range } from './interval.ts';

/** The range of a node's only result, from those of its operands (undefined: unknown, or no i64). */
export function rangeOfResult(
  node: Node,
  operands: readonly (Interval | undefined)[],
  dtypes: readonly DType[],
): Interval | undefined {
  const [a, b] = operands;
  switch (node.op) {
    case 'cast':
      return dtypes[0] === undefined ? undefined : rangeOfDType(dtypes[0]);
    case 'iota':
      return indexRange(node.attrs.shape[node.attrs.axis]);
    case 'neg':
      return a && interval.negate(a);
    case 'abs':
      return a && interval.absolute(a);
    case 'sign':
      return a && { min: -1, max: 1 };
    case 'reshape':
    case 'transpose':
    case 'broadcast_to':
    case 'slice':
    case 'gather':
    case 'gather_elements':
    case 'gather_nd':
    case 'reduce_max':
    case 'reduce_min':
      return a;
    case 'select':
      return unionOf(operands.slice(1));
    case 'concat':
    case 'pad':
      return unionOf(operands);
    default:
      return a && b && rangeOfBinary(node.op, a, b);
  }
}

function rangeOfBinary(op: Node['op'], a: Interval, b: Interval): Interval | undefined {
  switch (op) {
    case 'add':
      return interval.add(a, b);
    case 'sub':
      return interval.subtract(a, b);
    case 'mul':
      return interval.multiply(a, b);
    case 'min':
      return interval.minimum(a, b);
    case 'max':
      return interval.maximum(a, b);
    case 'div':
    case 'floordiv':
      return interval.divide(a);
    case 'mod':
    case 'floormod':
      return interval.remainder(b);
    default:
      return undefined;
  }
}

/** The range of the elements of a constant. */
export function rangeOfData({ data }: TensorData): Interval | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const element of data) {
    min = Math.min(min, Number(element));
    max = Math.max(max, Number(element));
  }
  return data.length === 0 ? undefined : { min, max };
}

/** The values of an integer type that fits i32. */
export function rangeOfDType(dtype: DType): Interval | undefined {
  const { kind, bytes } = dtypeTable[dtype];
  if (kind === 'bool') return { min: 0, max: 1 };
  if (kind === 'int' && bytes <= 4) return { min: -(2 ** (8 * bytes - 1)), max: 2 ** (8 * bytes - 1) - 1 };
  return kind === 'uint' && bytes < 4 ? { min: 0, max: 2 ** (8 * bytes) - 1 } : undefined;
}

/** Places on an axis; the size of any axis fits i32. */
export const indexRange = (size: Dim | undefined): Interval => ({
  min: 0,
  max: size !== undefined && isStatic(size) ? Math.max(0, size - 1) : i32Range.max,
});

function unionOf(operands: readonly (Interval | undefined)[]): Interval | undefined {
  const known = operands.filter((operand) => operand !== undefined);
  return known.length === operands.length && known.length > 0 ? hull(known) : undefined;
}
