import type { Candidate, CostModel } from './search.ts';

/** The best `count` candidates by a cost model, the best first, and the others in the order of their scores. */
export function takeBest(
  candidates: readonly Candidate[],
  count: number,
  model: CostModel,
): { readonly best: readonly Candidate[]; readonly others: readonly Candidate[] } {
  const scores = model.score(candidates);
  const order = candidates.map((candidate, i) => ({ candidate, score: scores[i] as number }));
  const sorted = order.sort((a, b) => b.score - a.score).map(({ candidate }) => candidate);
  return { best: sorted.slice(0, count), others: sorted.slice(count) };
}
