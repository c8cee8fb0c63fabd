/** Into at most so many intervals the values of a feature are divided. */
export const MAX_BINS = 32;

/** Rows of features, the values of which are told apart by intervals only. */
export interface Bins {
  readonly rows: number;
  /** The features that are not the same in all rows. */
  readonly columns: readonly Column[];
  /** At columns.length r + c: the interval of column c that the value of row r lies in. */
  readonly intervals: Uint8Array;
}

export interface Column {
  readonly feature: number;
  /** The end of each interval: not below its greatest value among the rows, and below the least of the next. */
  readonly uppers: readonly number[];
}

/** Intervals that hold about as many rows each; one for each value where there are few. */
export function binFeatures(rows: readonly (readonly number[])[]): Bins {
  const features = Array.from({ length: rows[0]?.length ?? 0 }, (_, feature) => feature);
  const columns = features
    .map((feature) => ({ feature, uppers: uppersOf(rows.map((row) => row[feature] as number)) }))
    .filter(({ uppers }) => uppers.length > 1);
  const intervals = new Uint8Array(rows.length * columns.length);
  let at = 0;
  for (const row of rows)
    for (const { feature, uppers } of columns) intervals[at++] = intervalOf(uppers, row[feature] as number);
  return { rows: rows.length, columns, intervals };
}

function uppersOf(values: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  const distinct = sorted.filter((value, i) => value !== sorted[i + 1]);
  const quantile = (_: unknown, i: number): number =>
    sorted[Math.ceil(((i + 1) * sorted.length) / MAX_BINS) - 1] as number;
  const greatest = distinct.length <= MAX_BINS ? distinct : new Set(Array.from({ length: MAX_BINS }, quantile));
  return Array.from(greatest, (value) => shortestBetween(value, distinct[distinct.indexOf(value) + 1] ?? value));
}

/** A number of few digits that is not below `least`, and below `end`: forests are short to write. */
function shortestBetween(least: number, end: number): number {
  for (let scale = 1; scale <= 1e6; scale *= 10) {
    const rounded = Math.ceil(least * scale) / scale;
    if (rounded >= least && rounded < end) return rounded;
  }
  return least;
}

/** The first interval whose upper end is not below the value. */
function intervalOf(uppers: readonly number[], value: number): number {
  let [low, high] = [0, uppers.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((uppers[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
