import { isBigInt, isFloat } from '../../../ir/dtype.ts';
import type { TensorData, TypedArray } from '../../../ir/tensor-data.ts';
import { compareTensors, describeDifference, type Tolerance } from '../../io/compare.ts';

/** A result that candidates have to give, and by how much theirs may differ. */
export interface Expected {
  readonly tensor: TensorData;
  readonly tolerance: Tolerance;
  /** By how much a few elements may differ. */
  readonly leap: number;
}

/** Relative to an element, and to the root of the mean square of all of them: sums of other orders round otherwise. */
const TOLERANCE = { relative: 1e-3, ofAll: 1e-4, absolute: 1e-6 };
/** Where a kernel rounds floats to whole steps, such a part of its results may come to lie a step away. */
const LEAPS = 1e-3;

/** `isRounded`: whether the kernel rounds floats on the way. */
export function expectation(tensor: TensorData, isRounded: boolean): Expected {
  if (!isFloat(tensor.dtype)) return { tensor, tolerance: { rtol: 0, atol: 0 }, leap: isRounded ? 1 : 0 };
  const size = sizeOf(tensor);
  const tolerance = { rtol: TOLERANCE.relative, atol: TOLERANCE.absolute + TOLERANCE.ofAll * size };
  // How large a step is, is not known; it is small against the results where there are many steps.
  return { tensor, tolerance, leap: isRounded ? size : 0 };
}

/** Why a result is not the expected one; undefined where it is, but for rounding. */
export function mistakeIn(actual: TensorData, { tensor, tolerance, leap }: Expected): string | undefined {
  if (areNear(actual, tensor, tolerance)) return undefined;
  const difference = compareTensors(actual, tensor, tolerance);
  if (difference.wrong === 0) return undefined;
  const { wrong, elements, maxAbsolute } = difference;
  if (maxAbsolute <= leap && wrong <= Math.max(1, LEAPS * elements)) return undefined;
  return describeDifference(difference);
}

/** What can be said at once of numbers: most results are near, and there are many of them. */
function areNear({ data: actual }: TensorData, { data: expected, dtype }: TensorData, tolerance: Tolerance): boolean {
  if (isBigInt(dtype) || dtype === 'f16' || actual.length !== expected.length) return false;
  return areNumbersNear(actual as Numbers, expected as Numbers, tolerance);
}

type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

function areNumbersNear(actual: Numbers, expected: Numbers, { rtol, atol }: Tolerance): boolean {
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    if (a !== b && !(Math.abs(a - b) <= atol + rtol * Math.abs(b))) return false;
  }
  return true;
}

/** The root of the mean square of the finite elements. */
function sizeOf({ data, dtype }: TensorData): number {
  if (dtype === 'f16') return 1;
  let [sum, count] = [0, 0];
  for (const value of data) {
    const number = Number(value);
    if (!Number.isFinite(number)) continue;
    sum += number * number;
    count++;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
