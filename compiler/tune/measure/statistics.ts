const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** The middle of at least one value. */
export function median(values: readonly number[]): number {
  const [order, middle] = [sorted(values), (values.length - 1) / 2];
  return ((order[Math.floor(middle)] ?? Number.NaN) + (order[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** 95 % of a normal distribution lie within so many standard deviations of its mean. */
const DEVIATIONS = 1.96;

/**
 * Half of the 95 % confidence interval of the median, as a part of the median. The interval is from one value to another
 * (Conover, Practical Nonparametric Statistics, §3.2); of fewer than six values, which hold none, all of their range.
 */
export function spreadOfMedian(values: readonly number[]): number {
  const order = sorted(values);
  const reach = (DEVIATIONS * Math.sqrt(order.length)) / 2;
  const low = Math.max(0, Math.round(order.length / 2 - reach) - 1);
  const high = Math.min(order.length - 1, Math.round(order.length / 2 + reach));
  return ((order[high] ?? Number.NaN) - (order[low] ?? Number.NaN)) / 2 / median(values);
}
