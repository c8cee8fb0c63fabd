import { randomSourceOf } from '../../ir/random.ts';
import { emptyForest, type Forest, predict } from '../../schedules/cost-model/forest.ts';
import { spearman, topRegret } from '../../schedules/cost-model/ranking.ts';
import { type Measured, trainRanker } from '../../schedules/cost-model/train-ranker.ts';
import type { MeasuredTask } from './records.ts';

/** How well a cost model orders schedules of a workload that it was not trained on. */
export interface Ranking {
  /** Spearman's correlation of what was predicted and what was measured: 1 where the order is the same. */
  readonly spearman: number;
  /** By which part the best of the eight that are ranked highest is slower than the best of all. */
  readonly regret: number;
}

export interface HeldOut {
  readonly task: string;
  readonly family: string;
  readonly schedules: number;
  /** By the prior, by what was measured of 16 of its schedules, and by both: how well the others are ranked. */
  readonly prior: Ranking;
  readonly learned: Ranking;
  readonly both: Ranking;
  /** The regret of eight of the others at random, as it is expected. */
  readonly chance: number;
  /**
   * What the default schedule and the one that the prior likes best take, in relation to the best; NaN where the former
   * is not known.
   */
  readonly standard: number;
  readonly first: number;
}

/** The first of the ranked that a round measures. */
const TOP = 8;
/** As many as a first round measures. */
const SEEN = 16;
/** Smaller spaces are measured whole. */
const LEAST = 32;
const FOLDS = 5;

/** Trains on four fifths of the workloads and ranks the schedules of the others, each fifth in turn. */
export function rankHeldOut(tasks: readonly MeasuredTask[]): readonly HeldOut[] {
  const foldOf = shuffled(tasks, 'folds').map((task, i) => ({ task, fold: i % FOLDS }));
  return Array.from({ length: FOLDS }, (_, fold) => {
    const others = foldOf.filter((each) => each.fold !== fold).map(({ task }) => task.measured);
    const prior = trainRanker(others, emptyForest);
    const heldOut = foldOf.filter(({ task, ...each }) => each.fold === fold && task.measured.length >= LEAST);
    return heldOut.map(({ task }) => rankTask(task, prior));
  }).flat();
}

function rankTask({ task, measured }: MeasuredTask, prior: Forest): HeldOut {
  const order = shuffled(measured, task.workload);
  const [seen, unseen] = [order.slice(0, SEEN), order.slice(SEEN)];
  const times = measured.map(({ ms }) => ms);
  const best = Math.min(...times);
  const key = JSON.stringify(task.space.preferred.features);
  const standard = measured.find(({ features }) => JSON.stringify(features) === key);
  return {
    task: task.name,
    family: task.row.family,
    schedules: measured.length,
    prior: rankingOf(prior, unseen),
    learned: rankingOf(trainRanker([seen], emptyForest), unseen),
    both: rankingOf(trainRanker([seen], prior), unseen),
    chance: expectedRegret(
      unseen.map(({ ms }) => ms),
      TOP,
    ),
    standard: (standard?.ms ?? Number.NaN) / best,
    first: 1 + topRegret(scores(prior, measured), times, 1),
  };
}

function rankingOf(forest: Forest, measured: readonly Measured[]): Ranking {
  const [said, times] = [scores(forest, measured), measured.map(({ ms }) => ms)];
  return { spearman: -spearman(said, times), regret: topRegret(said, times, TOP) };
}

const scores = (forest: Forest, measured: readonly Measured[]): readonly number[] =>
  predict(
    forest,
    measured.map(({ features }) => features),
  );

/** The mean of `topRegret` over all ways to take k of the times. */
function expectedRegret(times: readonly number[], k: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  // The chance that none of those before was taken, and of this one to be.
  let [none, mean] = [1, 0];
  for (const [i, time] of sorted.entries()) {
    const taken = Math.min(1, k / (sorted.length - i));
    mean += none * taken * time;
    none *= 1 - taken;
  }
  return mean / (sorted[0] ?? Number.NaN) - 1;
}

function shuffled<T>(values: readonly T[], name: string): readonly T[] {
  const random = randomSourceOf(1, name);
  return values
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
