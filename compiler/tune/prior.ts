import { emptyForest, type Forest } from '../../schedules/cost-model/forest.ts';
import { parsePrior } from '../../schedules/cost-model/prior.ts';
import type { Target } from '../../schedules/target/target.ts';
import { featureNames } from './features.ts';

/** The trees from which the cost model of a target starts: of GPUs nothing is known before. */
export const priorFor = async ({ gpu }: Target): Promise<Forest> => (gpu === undefined ? shippedPrior() : emptyForest);

/**
 * The trees that the package ships, for processors, trained on what was measured of the layers of its own benchmarks. Read
 * when they are asked for.
 */
export async function shippedPrior(): Promise<Forest> {
  const { default: json } = await import('../../schedules/cost-model/prior.json', { with: { type: 'json' } });
  return parsePrior(json, featureNames);
}
