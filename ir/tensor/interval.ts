import { type DType, dtypeTable } from '../dtype.ts';

/** The integers from min to max, both included; an end that is not known is infinite. */
export interface Interval {
  readonly min: number;
  readonly max: number;
}

export const everything: Interval = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
export const point = (value: number): Interval => ({ min: value, max: value });
export const isPoint = ({ min, max }: Interval): boolean => min === max;
export const contains = (outer: Interval, inner: Interval): boolean => outer.min <= inner.min && inner.max <= outer.max;

export const hull = (a: Interval, b: Interval): Interval => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});
export const intersect = (a: Interval, b: Interval): Interval => ({
  min: Math.max(a.min, b.min),
  max: Math.min(a.max, b.max),
});

/** The values of an integer or bool dtype; of floats, and of 64-bit integers, which a number cannot hold, nothing is told. */
export function dtypeRange(dtype: DType): Interval {
  const { kind, bytes } = dtypeTable[dtype];
  if (kind === 'float' || bytes === 8) return everything;
  if (kind === 'bool') return { min: 0, max: 1 };
  const count = 2 ** (bytes * 8);
  return kind === 'uint' ? { min: 0, max: count - 1 } : { min: -count / 2, max: count / 2 - 1 };
}

/** 0 · ∞ is 0 here: an infinite end stands for some unknown number. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

const span = (values: readonly number[]): Interval => ({ min: Math.min(...values), max: Math.max(...values) });

export const addIntervals = (a: Interval, b: Interval): Interval => ({ min: a.min + b.min, max: a.max + b.max });
export const negateInterval = ({ min, max }: Interval): Interval => ({ min: -max, max: -min });
export const subtractIntervals = (a: Interval, b: Interval): Interval => addIntervals(a, negateInterval(b));
export const scaleInterval = (a: Interval, factor: number): Interval =>
  span([times(a.min, factor), times(a.max, factor)]);
export const multiplyIntervals = (a: Interval, b: Interval): Interval =>
  span([times(a.min, b.min), times(a.min, b.max), times(a.max, b.min), times(a.max, b.max)]);

export const minIntervals = (a: Interval, b: Interval): Interval => ({
  min: Math.min(a.min, b.min),
  max: Math.min(a.max, b.max),
});
export const maxIntervals = (a: Interval, b: Interval): Interval => ({
  min: Math.max(a.min, b.min),
  max: Math.max(a.max, b.max),
});

export function absInterval(a: Interval): Interval {
  if (a.min >= 0) return a;
  return a.max <= 0 ? negateInterval(a) : { min: 0, max: Math.max(-a.min, a.max) };
}

/** |a / b| is at most |a|, and rounding down keeps that, since a quotient between -1 and 0 has |a| ≥ 1. */
function quotientBound(a: Interval, b: Interval): Interval {
  const size = Math.max(Math.abs(a.min), Math.abs(a.max));
  return a.min >= 0 && b.min >= 0 ? { min: 0, max: size } : { min: -size, max: size };
}

/** ∞/∞ stands for an unknown number by an unknown number, whose quotient may be as large as the first. */
const quotient = (a: number, b: number): number => (Number.isFinite(b) ? a / b : Number.isFinite(a) ? 0 : a);

function divideWith(round: (x: number) => number, a: Interval, b: Interval): Interval {
  if (b.min <= 0) return quotientBound(a, b);
  const corners = span([a.min, a.max].flatMap((x) => [b.min, b.max].map((y) => round(quotient(x, y)))));
  // An infinite divisor brings a negative number as near to 0 as one likes, which rounds down to -1.
  return b.max === Number.POSITIVE_INFINITY ? hull(corners, { min: a.min < 0 ? round(-0.5) : 0, max: 0 }) : corners;
}

export const floorDivideIntervals = (a: Interval, b: Interval): Interval => divideWith(Math.floor, a, b);
export const truncDivideIntervals = (a: Interval, b: Interval): Interval => divideWith(Math.trunc, a, b);

/** Whether all values have one and the same floor quotient by a positive number, and which. */
export function commonQuotient(a: Interval, divisor: number): number | undefined {
  const low = Math.floor(a.min / divisor);
  return Number.isFinite(low) && low === Math.floor(a.max / divisor) ? low : undefined;
}

export function floorModIntervals(a: Interval, b: Interval): Interval {
  if (isPoint(b) && b.min > 0) {
    const quotient = commonQuotient(a, b.min);
    if (quotient !== undefined) return addIntervals(a, point(-quotient * b.min));
  }
  const positive = { min: 0, max: a.min >= 0 ? Math.min(a.max, Math.max(b.max - 1, 0)) : Math.max(b.max - 1, 0) };
  // By a divisor that may be negative, a remainder has the divisor's sign.
  return b.min >= 0 ? positive : { min: Math.min(b.min + 1, 0), max: positive.max };
}

/** The remainder of truncating division has the dividend's sign. */
export function truncModIntervals(a: Interval, b: Interval): Interval {
  const size = Math.max(Math.abs(b.min), Math.abs(b.max), 1) - 1;
  return { min: a.min >= 0 ? 0 : Math.max(a.min, -size), max: a.max <= 0 ? 0 : Math.min(a.max, size) };
}
