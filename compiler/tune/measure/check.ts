import { isFloat } from '../../../ir/dtype.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { compareTensors, describeDifference } from '../../io/compare.ts';

/** Relative to an element, and to the root of the mean square of all of them: sums of other orders round otherwise. */
const TOLERANCE = { relative: 1e-3, ofAll: 1e-4, absolute: 1e-6 };
/** Of integers that floats were rounded to, so many may be the neighbour. */
const NEIGHBOURS = 1e-3;

/** Why a result is not the expected one; undefined where it is, but for rounding. */
export function mistakeIn(actual: TensorData, expected: TensorData, isRounded: boolean): string | undefined {
  const tolerance = isFloat(expected.dtype)
    ? { rtol: TOLERANCE.relative, atol: TOLERANCE.absolute + TOLERANCE.ofAll * size(expected) }
    : { rtol: 0, atol: 0 };
  const difference = compareTensors(actual, expected, tolerance);
  if (difference.wrong === 0) return undefined;
  const isNear = !isFloat(expected.dtype) && isRounded && difference.maxAbsolute <= 1;
  if (isNear && difference.wrong <= Math.max(1, NEIGHBOURS * difference.elements)) return undefined;
  return describeDifference(difference);
}

/** The root of the mean square of the finite elements. */
function size({ data, dtype }: TensorData): number {
  if (dtype === 'f16') return 1;
  let [sum, count] = [0, 0];
  for (const value of data) {
    if (!Number.isFinite(Number(value))) continue;
    sum += Number(value) ** 2;
    count++;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
