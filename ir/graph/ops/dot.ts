import { type DType, isBigInt, isFloat } from '../../dtype.ts';
import { roundTo, type Scalar } from '../../scalar.ts';
import type { Elements } from './elements.ts';

/** One operand of a dot product: elements base + offsets[0], base + offsets[1], … */
export interface Run {
  readonly elements: Elements;
  readonly offsets: Int32Array;
}

type Dot = (a: Run, aBase: number, b: Run, bBase: number) => Scalar;

/** The sum of products of two runs: floats accumulate in double, to be rounded once; integers wrap. */
export function dotProduct(dtype: DType): Dot {
  if (isFloat(dtype)) return floatDot;
  const wrap = roundTo(dtype);
  const dot = isBigInt(dtype) ? bigDot : intDot;
  return (a, aBase, b, bBase) => wrap(dot(a, aBase, b, bBase));
}

function floatDot(a: Run, aBase: number, b: Run, bBase: number): number {
  const [left, right] = [a.elements as Float32Array, b.elements as Float32Array];
  const [leftOffsets, rightOffsets] = [a.offsets, b.offsets];
  let sum = 0;
  for (let i = 0; i < leftOffsets.length; i++) {
    sum +=
      (left[aBase + (leftOffsets[i] as number)] as number) * (right[bBase + (rightOffsets[i] as number)] as number);
  }
  return sum;
}

function intDot(a: Run, aBase: number, b: Run, bBase: number): number {
  const [left, right] = [a.elements as Int32Array, b.elements as Int32Array];
  let sum = 0;
  for (let i = 0; i < a.offsets.length; i++) {
    const [x, y] = [left[aBase + (a.offsets[i] as number)], right[bBase + (b.offsets[i] as number)]];
    sum = (sum + Math.imul(x as number, y as number)) | 0;
  }
  return sum;
}

function bigDot(a: Run, aBase: number, b: Run, bBase: number): bigint {
  const [left, right] = [a.elements as BigInt64Array, b.elements as BigInt64Array];
  let sum = 0n;
  for (let i = 0; i < a.offsets.length; i++) {
    const [x, y] = [left[aBase + (a.offsets[i] as number)], right[bBase + (b.offsets[i] as number)]];
    sum += (x as bigint) * (y as bigint);
  }
  return sum;
}
