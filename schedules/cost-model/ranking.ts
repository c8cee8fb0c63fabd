/** Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs. 0 where all are equal. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (a.length - 1) / 2;
  const covariance = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, i) => sum + (value - mean) * ((v[i] as number) - mean), 0);
  const spread = Math.sqrt(covariance(x, x) * covariance(y, y));
  return spread === 0 ? 0 : covariance(x, y) / spread;
}

/** By which part the best of the k highest scored is slower than the best of all. */
export function topRegret(scores: readonly number[], times: readonly number[], k: number): number {
  const order = scores.map((_, i) => i).sort((i, j) => (scores[j] as number) - (scores[i] as number));
  const best = Math.min(...order.slice(0, k).map((i) => times[i] as number));
  return best / Math.min(...times) - 1;
}

function ranksOf(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const ranks = new Array<number>(values.length);
  for (let first = 0; first < order.length; ) {
    const value = values[order[first] as number];
    let end = first + 1;
    while (end < order.length && values[order[end] as number] === value) end++;
    for (const i of order.slice(first, end)) ranks[i] = (first + end - 1) / 2;
    first = end;
  }
  return ranks;
}
