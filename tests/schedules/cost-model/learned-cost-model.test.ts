import { describe, expect, test } from 'vitest';
import { invariant } from '../../../ir/errors.ts';
import { randomSourceOf } from '../../../ir/random.ts';
import { emptyForest, type Forest } from '../../../schedules/cost-model/forest.ts';
import { type LearnedCostModel, learnedCostModel } from '../../../schedules/cost-model/learned-cost-model.ts';
import { parsePrior, trainPrior } from '../../../schedules/cost-model/prior.ts';
import { spearman, topRegret } from '../../../schedules/cost-model/ranking.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { type Engine, productSpace, type SyntheticSpace } from '../search/synthetic-space.ts';

const shapes = [
  [196, 96, 576],
  [784, 128, 1152],
  [12544, 32, 27],
  [49, 512, 2048],
] as const;
/** The engine on which tuning goes on is another one than that of the prior. */
const engine: Engine = { load: 1.1, cache: 65536 };

function draw(space: SyntheticSpace, count: number, name: string): readonly Candidate[] {
  const random = randomSourceOf(1, name);
  return Array.from({ length: count }, () => space.sample(random)).filter((drawn) => drawn !== undefined);
}

const measured = (space: SyntheticSpace, candidates: readonly Candidate[]) =>
  candidates.map((candidate) => ({ features: candidate.features, ms: space.msOf(candidate) }));

function quality(model: LearnedCostModel, space: SyntheticSpace): number {
  const unseen = draw(space, 400, 'unseen');
  return -spearman(model.score(unseen), unseen.map(space.msOf));
}

const features = productSpace(49, 160, 960).preferred.features.map((_, i) => `f${i}`);

const prior = trainPrior(
  shapes.map(([m, n, k]) => {
    const space = productSpace(m, n, k);
    return measured(space, draw(space, 200, `${m}`));
  }),
  features,
);

describe('a learned cost model', () => {
  const spaces = [
    productSpace(49, 160, 960, engine),
    productSpace(784, 32, 192, engine),
    productSpace(100, 100, 100, engine),
  ];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  /** Spearman on candidates that were not seen, after some that were. */
  const qualities = (forest: Forest, count: number): number =>
    mean(
      spaces.map((space) => {
        const model = learnedCostModel(forest);
        model.learn('here', measured(space, draw(space, count, 'seen')));
        return quality(model, space);
      }),
    );

  test('is blind without a prior, and ranks by one before anything is measured', () => {
    expect(qualities(emptyForest, 0)).toBe(0);
    expect(qualities(prior.forest, 0)).toBeGreaterThan(0.8);
    const regrets = spaces.map((space) => {
      const unseen = draw(space, 400, 'unseen');
      return topRegret(learnedCostModel(prior.forest).score(unseen), unseen.map(space.msOf), 8);
    });
    expect(mean(regrets)).toBeLessThan(0.1);
  });

  test('ranks better with what was measured, and better with a prior than without one', () => {
    expect(qualities(prior.forest, 64)).toBeGreaterThan(qualities(prior.forest, 0));
    expect(qualities(prior.forest, 64)).toBeGreaterThan(qualities(emptyForest, 64));
    expect(qualities(emptyForest, 64)).toBeGreaterThan(qualities(emptyForest, 16));
  });

  test('does not compare workloads: how long another takes says nothing of this one', () => {
    const [space] = spaces;
    invariant(space !== undefined, 'there are spaces');
    const seen = measured(space, draw(space, 64, 'seen'));
    const [alike, slower] = [1, 1000].map((factor) => {
      const model = learnedCostModel(emptyForest);
      model.learn('here', seen);
      const there = seen.map(({ features, ms }) => ({ features, ms: factor * ms }));
      model.learn('there', there);
      return quality(model, space);
    });
    expect(Math.abs((slower ?? 0) - (alike ?? 0))).toBeLessThan(0.01);
  });
});

describe('a prior', () => {
  test('reads as what was written', () => {
    expect(parsePrior(JSON.parse(JSON.stringify(prior)), features)).toEqual(prior.forest);
    expect(prior.trainedOn.workloads).toBe(4);
  });

  test('is written with few digits', () => {
    const numbers = prior.forest.trees.flatMap(({ value }) => value);
    const digits = numbers.reduce((sum, number) => sum + String(number).length, 0) / numbers.length;
    expect(digits).toBeLessThan(9);
  });

  test('is refused for other features, and in another format', () => {
    expect(() => parsePrior(prior, [...features].reverse())).toThrow('trained on other features');
    expect(() => parsePrior({ ...prior, format: 2 }, features)).toThrow('format 1');
    expect(() => parsePrior(null, features)).toThrow('format 1');
  });
});
