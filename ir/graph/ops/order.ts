import type { Scalar } from '../../scalar.ts';

/**
 * A total order of elements for sorting and searching, in which -0 equals 0 and NaN stands above (1) or below (-1) all
 * others. Gives a number below, at or above 0.
 */
export const ordering =
  (nan: 1 | -1) =>
  (a: Scalar, b: Scalar): number => {
    if (a < b) return -1;
    if (a > b) return 1;
    return nan * (Number(Number.isNaN(a)) - Number(Number.isNaN(b)));
  };
