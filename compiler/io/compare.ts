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
  const applied = isFloat(expected.dtype) ? tolerance : EXACT;
  let [wrong, maxAbsolute, worstExcess, worst] = [0, 0, Number.NEGATIVE_INFINITY, -1];
  for (let i = 0; i < elements; i++) {
    const [a, b] = [element(actual, i), element(expected, i)];
    if (isSame(a, b)) continue;
    const distance = Math.abs(a - b);
    const excess = excessOf(a, b, applied);
    if (!(distance <= maxAbsolute)) maxAbsolute = distance;
    if (excess > 0) wrong++;
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

const EXACT: Tolerance = { rtol: 0, atol: 0 };

const isSame = (a: number, b: number): boolean => Object.is(a, b) || a === b;

/** By how much two elements that are not the same differ beyond the tolerance. */
function excessOf(a: number, b: number, { rtol, atol }: Tolerance): number {
  const distance = Math.abs(a - b);
  return Number.isFinite(distance) ? distance - (atol + rtol * Math.abs(b)) : Number.POSITIVE_INFINITY;
}

/** The first element beyond the tolerance, and along each dimension where the first and the last of them lie. */
export interface WrongRegion {
  readonly first: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Where two tensors of one type differ; undefined where they do not. */
export function wrongRegion(actual: TensorData, expected: TensorData, tolerance: Tolerance): WrongRegion | undefined {
  const applied = isFloat(expected.dtype) ? tolerance : EXACT;
  let region: WrongRegion | undefined;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [element(actual, i), element(expected, i)];
    if (isSame(a, b) || excessOf(a, b, applied) <= 0) continue;
    const at = unravel(i, expected.shape);
    const { first, from, to } = region ?? { first: at, from: at, to: at };
    region = {
      first,
      from: from.map((least, dim) => Math.min(least, at[dim] ?? least)),
      to: to.map((most, dim) => Math.max(most, at[dim] ?? most)),
    };
  }
  return region;
}

/** An element as a number. */
export const element = ({ dtype, data }: TensorData, i: number): number =>
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
