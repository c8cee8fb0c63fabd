import { compile } from '../../compiler/index.ts';
import { shippedPrior } from '../../compiler/tune/prior.ts';
import { learnedCostModel } from '../../schedules/cost-model/learned-cost-model.ts';
import { MemoryStore } from '../../schedules/database/memory-store.ts';
import { chooseModels } from '../parts/models.ts';
import { graphOf, type RankCounts, ranksOf, timeArtifacts } from './tuned-model.ts';

/** A model whose kernels are scheduled by the cost model alone, without any record. */
export interface PredictedBuild {
  readonly id: string;
  readonly ranks: RankCounts;
  readonly plainBuildMs: number;
  readonly predictedBuildMs: number;
  readonly defaultMs: number;
  readonly predictedMs: number;
}

/** What rank 4 of reuse would give, and cost, if `compile --db` asked the prior where no record is near. */
export async function measurePredictedBuilds(): Promise<readonly PredictedBuild[]> {
  const costModel = learnedCostModel(await shippedPrior());
  const results: PredictedBuild[] = [];
  for (const { id, load } of await chooseModels(['mobilenet_v2', 'squeezenet_fp32', 'ultraface', 'transformer'])) {
    process.stderr.write(`${id} …\n`);
    const workload = await load();
    const graph = graphOf(workload);
    const build = async (reuse: Parameters<typeof compile>[1]) => {
      const start = performance.now();
      const compilation = await compile(graph, reuse);
      return { compilation, ms: performance.now() - start };
    };
    await build({});
    const plain = await build({});
    const predicted = await build({ reuse: { store: new MemoryStore(), costModel } });
    const artifacts = [plain, predicted].map(({ compilation }) => compilation.files);
    const [defaultMs = Number.NaN, predictedMs = Number.NaN] = await timeArtifacts(artifacts, workload);
    results.push({
      id,
      ranks: ranksOf(predicted.compilation),
      plainBuildMs: plain.ms,
      predictedBuildMs: predicted.ms,
      defaultMs,
      predictedMs,
    });
  }
  return results;
}
