/** Bounds of integers, both included. */
export interface Interval {
  readonly min: number;
  readonly max: number;
}

export const i32Range: Interval = { min: -(2 ** 31), max: 2 ** 31 - 1 };

export const fitsI32 = ({ min, max }: Interval): boolean => min >= i32Range.min && max <= i32Range.max;

export const hull = (intervals: readonly Interval[]): Interval => ({
  min: Math.min(...intervals.map(({ min }) => min)),
  max: Math.max(...intervals.map(({ max }) => max)),
});

const around = (values: readonly number[]): Interval => ({ min: Math.min(...values), max: Math.max(...values) });
const magnitude = ({ min, max }: Interval): number => Math.max(Math.abs(min), Math.abs(max));
const symmetric = (bound: number): Interval => ({ min: -bound, max: bound });

export const negate = (a: Interval): Interval => ({ min: -a.max, max: -a.min });
export const absolute = (a: Interval): Interval => ({
  min: a.min <= 0 && a.max >= 0 ? 0 : Math.min(Math.abs(a.min), Math.abs(a.max)),
  max: magnitude(a),
});
export const add = (a: Interval, b: Interval): Interval => ({ min: a.min + b.min, max: a.max + b.max });
export const subtract = (a: Interval, b: Interval): Interval => add(a, negate(b));
export const minimum = (a: Interval, b: Interval): Interval => ({
  min: Math.min(a.min, b.min),
  max: Math.min(a.max, b.max),
});
export const maximum = (a: Interval, b: Interval): Interval => ({
  min: Math.max(a.min, b.min),
  max: Math.max(a.max, b.max),
});
export const multiply = (a: Interval, b: Interval): Interval =>
  around([a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]);
/** Of a quotient that is rounded either way; the quotient by 0 is 0. */
export const divide = (a: Interval): Interval => symmetric(magnitude(a));
/** Of a remainder with either sign; the remainder by 0 is 0. */
export const remainder = (b: Interval): Interval => symmetric(magnitude(b));
