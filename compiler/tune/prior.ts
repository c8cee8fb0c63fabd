import type { Forest } from '../../schedules/cost-model/forest.ts';
import { parsePrior } from '../../schedules/cost-model/prior.ts';
import { featureNames } from './features.ts';

/**
 * The trees from which the cost model starts: those that the package ships, trained on what was measured of the layers of
 * its own benchmarks. Read when they are asked for.
 */
export async function shippedPrior(): Promise<Forest> {
  const { default: json } = await import('../../schedules/cost-model/prior.json', { with: { type: 'json' } });
  return parsePrior(json, featureNames);
}
