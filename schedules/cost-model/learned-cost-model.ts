import type { CostModel } from '../search/search.ts';
import { type Forest, predict } from './forest.ts';
import { type Measured, trainRanker } from './train-ranker.ts';

/** A cost model that learns while a model is tuned. */
export interface LearnedCostModel extends CostModel {
  /** Takes in what was measured of a workload. */
  readonly learn: (workload: string, measured: readonly Measured[]) => void;
}

/** By which factor rows have to become more for trees to be grown anew. */
const GROWTH = 1.2;

/**
 * Ranks by a prior, `emptyForest` if there is none, and by trees added to it for what was measured since: boosting goes
 * on from the prior. (To train on the prior's own rows again, at a lower weight, ranked no better on synthetic tasks,
 * and those rows would have to be shipped.) Trees are grown when scores are asked for, from all that was measured.
 */
export function learnedCostModel(prior: Forest): LearnedCostModel {
  const groups = new Map<string, Measured[]>();
  let forest = prior;
  let rows = 0;
  let trained = 0;
  return {
    learn: (workload, measured) => {
      groups.set(workload, [...(groups.get(workload) ?? []), ...measured]);
      rows += measured.length;
    },
    score: (candidates) => {
      if (rows > GROWTH * trained) {
        forest = trainRanker([...groups.values()], prior);
        trained = rows;
      }
      return predict(
        forest,
        candidates.map(({ features }) => features),
      );
    },
  };
}
