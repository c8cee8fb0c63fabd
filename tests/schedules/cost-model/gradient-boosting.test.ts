import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompilerError } from '../../../ir/errors.ts';
import { randomSourceOf } from '../../../ir/random.ts';
import { emptyForest, parseForest, predict } from '../../../schedules/cost-model/forest.ts';
import { boost, type TrainingSet } from '../../../schedules/cost-model/gradient-boosting.ts';
import { spearman } from '../../../schedules/cost-model/ranking.ts';

const known = (x: readonly number[]): number =>
  Math.sin(6 * (x[0] ?? 0)) + ((x[1] ?? 0) > 0.5 ? (x[2] ?? 0) : -(x[3] ?? 0)) + 2 * (x[4] ?? 0) * (x[5] ?? 0);

function rowsOf(count: number, width: number, seed: number): readonly (readonly number[])[] {
  const random = randomSourceOf(seed, 'rows');
  return Array.from({ length: count }, () => Array.from({ length: width }, random));
}

const setOf = (rows: TrainingSet['rows'], target = known): TrainingSet => ({
  rows,
  targets: rows.map(target),
  weights: rows.map(() => 1),
});

const squaredError = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0) / a.length;

describe('boosted trees', () => {
  test('fit and rank a function of some of many features', () => {
    const forest = boost(setOf(rowsOf(2000, 20, 1)), emptyForest);
    const unseen = rowsOf(500, 20, 2);
    const truth = unseen.map(known);
    const predicted = predict(forest, unseen);
    expect(squaredError(predicted, truth)).toBeLessThan(
      0.05 *
        squaredError(
          truth.map(() => 0.4),
          truth,
        ),
    );
    expect(spearman(predicted, truth)).toBeGreaterThan(0.97);
  });

  test('are the same for the same rows', () => {
    const set = setOf(rowsOf(300, 8, 3));
    expect(boost(set, emptyForest)).toEqual(boost(set, emptyForest));
  });

  test('are added to those there are, for what those do not explain', () => {
    const set = setOf(rowsOf(300, 8, 3));
    const first = boost(set, emptyForest, { trees: 20 });
    const more = boost(set, first, { trees: 20 });
    expect(more.trees.slice(0, 20)).toEqual(first.trees);
    expect(squaredError(predict(more, set.rows), set.targets)).toBeLessThan(
      squaredError(predict(first, set.rows), set.targets),
    );
  });

  test('come the nearer to a row the more it weighs', () => {
    const [rows, targets] = [
      [[0], [1], [1], [1], [0], [0]],
      [0, 3, 0, 0, 0, 0],
    ];
    const at = (weight: number) =>
      predict(boost({ rows, targets, weights: [1, weight, 1, 1, 1, 1] }, emptyForest), [[1]])[0] as number;
    expect(at(20)).toBeGreaterThan(at(1));
  });

  test('say nothing of no rows, and little of rows that are all the same', () => {
    expect(boost({ rows: [], targets: [], weights: [] }, emptyForest)).toEqual(emptyForest);
    expect(predict(emptyForest, [[1, 2]])).toEqual([0]);
    const same = boost({ rows: [[1], [1], [1]], targets: [1, 2, 3], weights: [1, 1, 1] }, emptyForest);
    expect(same).toEqual(emptyForest);
  });

  test('never test a feature more often than their depth allows', () => {
    const { trees } = boost(setOf(rowsOf(500, 8, 4)), emptyForest, { depth: 3 });
    for (const { feature } of trees) expect(feature.length).toBeLessThan(2 ** 4);
  });

  test('are grown quickly: from 5,000 rows of 60 features in a third of a second', () => {
    const set = setOf(rowsOf(5000, 60, 5));
    const times = Array.from({ length: 3 }, () => {
      const start = process.cpuUsage();
      boost(set, emptyForest);
      return process.cpuUsage(start).user / 1000;
    });
    // Three times that: a machine that does something else has slower memory too.
    expect(Math.min(...times)).toBeLessThan(1000);
  });
});

describe('the JSON of a forest', () => {
  test('reads as what was written', () => {
    const anyRows = fc.array(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(anyRows, (rows) => {
        const forest = boost(
          setOf(rows, (row) => Math.tanh(row[0] ?? 0)),
          emptyForest,
          { trees: 5 },
        );
        const read = parseForest(JSON.parse(JSON.stringify(forest)), 3);
        expect(predict(read, rows)).toEqual(predict(forest, rows));
      }),
    );
  });

  const leaf = { feature: [-1], value: [1], right: [0] };
  test.each([
    ['no object', []],
    ['no trees', {}],
    ['a tree without nodes', { trees: [{ feature: [], value: [], right: [] }] }],
    ['a list that is too short', { trees: [{ ...leaf, value: [] }] }],
    [
      'a feature that rows do not have',
      { trees: [leaf, { feature: [2, -1, -1], value: [0, 1, 2], right: [2, 0, 0] }] },
    ],
    ['a child before its parent', { trees: [{ feature: [0, -1, -1], value: [0, 1, 2], right: [0, 0, 0] }] }],
    ['a tree without its leaves', { trees: [{ feature: [0, 1], value: [0, 1], right: [2, 2] }] }],
    ['text', { trees: [{ ...leaf, value: ['1'] }] }],
  ])('with %s is refused', (_, json) => {
    expect(() => parseForest(json, 2)).toThrow(CompilerError);
  });
});
