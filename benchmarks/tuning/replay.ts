import { nodeProfile } from '../../compiler/tune/device.ts';
import { workerMeasurer } from '../../compiler/tune/measure/workers.ts';
import { shippedPrior } from '../../compiler/tune/prior.ts';
import { randomSourceOf } from '../../ir/random.ts';
import { emptyForest, type Forest } from '../../schedules/cost-model/forest.ts';
import { type LearnedCostModel, learnedCostModel } from '../../schedules/cost-model/learned-cost-model.ts';
import type { Outcome } from '../../schedules/search/search.ts';
import { type StrategyName, strategyFor } from '../../schedules/search/strategies.ts';
import { tuneTasks } from '../../schedules/search/tune-tasks.ts';
import { lost, measureWholeSpaces, type WholeSpace } from './whole-spaces.ts';

/**
 * How many trials searches of one task take until they have a schedule that is near the best: the mean over seeds. The
 * default schedule, which is measured first whatever the strategy, does not count.
 */
export interface SearchTrials {
  readonly task: string;
  readonly family: string;
  readonly schedules: number;
  /** The time of the default schedule in relation to the best. */
  readonly standard: number;
  readonly random: number;
  /** As `tilewright tune` searches, with a model that knows nothing at first, and with the prior. */
  readonly learned: number;
  readonly prior: number;
}

/** By so much slower than the best is near enough. */
const NEAR = 0.05;
const SEEDS = 20;
/** As `tilewright tune` has it. */
const BATCH = 16;

const blind: LearnedCostModel = { learn: () => undefined, score: (candidates) => candidates.map(() => 0) };

/**
 * Searches spaces that were measured as a whole, so that every search gets the same times for the same schedules, and
 * the best is known.
 */
export async function replaySearches(minutes: number): Promise<readonly SearchTrials[]> {
  const measurer = workerMeasurer(nodeProfile());
  try {
    const spaces = await measureWholeSpaces(measurer, minutes * 60_000);
    const prior = await shippedPrior();
    const results: SearchTrials[] = [];
    for (const space of spaces) {
      process.stderr.write(`${space.task.name}: searches …\n`);
      results.push(await searchTrials(space, prior));
    }
    return results;
  } finally {
    await measurer.close();
  }
}

async function searchTrials(whole: WholeSpace, prior: Forest): Promise<SearchTrials> {
  const { task, outcomes, best, standard } = whole;
  const mean = async (strategy: StrategyName, model: () => LearnedCostModel): Promise<number> => {
    let sum = 0;
    for (let seed = 1; seed <= SEEDS; seed++) sum += await trialsUntilNear(whole, strategy, model(), seed);
    return sum / SEEDS;
  };
  return {
    task: task.name,
    family: task.row.family,
    schedules: outcomes.size,
    standard: standard / best,
    random: await mean('random', () => blind),
    learned: await mean('auto', () => learnedCostModel(emptyForest)),
    prior: await mean('auto', () => learnedCostModel(prior)),
  };
}

const isNear = (outcome: Outcome, best: number): boolean => outcome.kind === 'time' && outcome.ms <= best * (1 + NEAR);

/** As many as there are schedules, where a search ends before. */
async function trialsUntilNear(
  { task, space, outcomes, best }: WholeSpace,
  name: StrategyName,
  model: LearnedCostModel,
  seed: number,
): Promise<number> {
  const events = tuneTasks({
    tasks: [
      {
        task: { ...task, space },
        strategy: async () => strategyFor(name, space, model, randomSourceOf(seed, task.workload)),
      },
    ],
    measure: async (_, candidates) => candidates.map(({ key }) => outcomes.get(key) ?? lost),
    model,
    budget: { trials: outcomes.size },
    batch: BATCH,
    record: async () => undefined,
    now: () => performance.now(),
  });
  for await (const event of events)
    if (event.kind === 'outcome' && event.stage === 'search' && isNear(event.outcome, best)) return event.trials - 1;
  return outcomes.size - 1;
}
