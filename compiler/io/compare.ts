import { isFloat } from '../../ir/dtype.ts';
import { f16ToNumber } from '../../ir/f16.ts';
import type { TensorData } from '../../ir/tensor-data.ts';

/** |actual − expected| may be at most atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

export interface Difference {
  /** Why the tensors cannot be compared element by element: another dtype or shape. */
  readonly mismatch?: string;
  readonly elements: number;
  /** Elements beyond the tolerance. */
  readonly wrong: number;
  readonly worst?: { readonly index: readonly number[]; readonly actual: number; readonly expected: number };
  readonly maxAbsolute: number;
}

const describe = ({ dtype, shape }: TensorData): string => `${dtype}[${shape.join(', ')}]`;

/** Compares with the rule of numpy's allclose; NaN equals NaN, an infinity only itself; integers must be equal. */
export function compareTensors(actual: TensorData, expected: TensorData, tolerance: Tolerance): Difference {
  const elements = expected.data.length;
  const sameShape =
    actual.shape.length === expected.shape.length && actual.shape.every((dim, i) => dim === expected.shape[i]);
  if (actual.dtype !== expected.dtype || !sameShape) {
    return {
      mismatch: `${describe(actual)} instead of ${describe(expected)}`,
      elements,
      wrong: elements,
      maxAbsolute: Number.NaN,
    };
  }
  const { rtol, atol } = isFloat(expected.dtype) ? tolerance : { rtol: 0, atol: 0 };
  let [wrong, maxAbsolute, worstExcess, worst] = [0, 0, Number.NEGATIVE_INFINITY, -1];
  for (let i = 0; i < elements; i++) {
    const [a, b] = [element(actual, i), element(expected, i)];
    if (Object.is(a, b) || a === b) continue;
    const distance = Math.abs(a - b);
    const excess = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance - (atol + rtol * Math.abs(b));
    if (!(distance <= maxAbsolute)) maxAbsolute = distance;
    if (excess > 0 || distance === Number.POSITIVE_INFINITY) wrong++;
    if (excess > worstExcess) [worstExcess, worst] = [excess, i];
  }
  if (worst < 0) return { elements, wrong, maxAbsolute };
  const place = {
    index: unravel(worst, expected.shape),
    actual: element(actual, worst),
    expected: element(expected, worst),
  };
  return { elements, wrong, worst: place, maxAbsolute };
}

const element = ({ dtype, data }: TensorData, i: number): number =>
  dtype === 'f16' ? f16ToNumber(data[i] as number) : Number(data[i]);

function unravel(offset: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = offset;
  for (const dim of [...shape].reverse()) {
    index.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return index;
}

/** `3 of 1000 elements differ, the worst at [0, 7]: 0.5 instead of 0.25`. */
export function describeDifference(difference: Difference): string {
  if (difference.mismatch !== undefined) return difference.mismatch;
  const { elements, wrong, worst } = difference;
  const place =
    worst === undefined
      ? ''
      : `, the worst at [${worst.index.join(', ')}]: ${worst.actual} instead of ${worst.expected}`;
  return `${wrong} of ${elements} elements differ${place}`;
}
