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
  /** The greatest value of each interval, among the rows. */
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
  if (distinct.length <= MAX_BINS) return [...distinct];
  const quantiles = Array.from(
    { length: MAX_BINS },
    (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / MAX_BINS) - 1] as number,
  );
  return [...new Set(quantiles)];
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
