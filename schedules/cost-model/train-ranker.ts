import { type Forest, predict } from './forest.ts';
import { boost } from './gradient-boosting.ts';

/** What was measured of one candidate. */
export interface Measured {
  readonly features: readonly number[];
  readonly ms: number;
}

/**
 * Adds trees to a forest, so that it ranks the candidates of each group, which is what was measured of one workload: the
 * higher the faster. What the trees learn is the logarithm of the speed: on synthetic tasks that ranked a little better
 * than the speed itself against the best, and as well at the top.
 */
export function trainRanker(groups: readonly (readonly Measured[])[], start: Forest): Forest {
  const rows = groups.flatMap((group) => group.map(({ features }) => features));
  const said = predict(start, rows);
  let first = 0;
  const targets = groups.flatMap((group) => {
    const end = first + group.length;
    // Groups are not compared with one another: the mean of each is what the forest says already.
    const shift = mean(said.slice(first, end)) - mean(group.map(speed));
    first = end;
    return group.map((measured) => speed(measured) + shift);
  });
  return boost({ rows, targets, weights: rows.map(() => 1) }, start);
}

const speed = ({ ms }: Measured): number => -Math.log(ms);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
