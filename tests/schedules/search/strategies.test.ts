import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomSourceOf } from '../../../ir/random.ts';
import { emptyForest } from '../../../schedules/cost-model/forest.ts';
import { learnedCostModel } from '../../../schedules/cost-model/learned-cost-model.ts';
import { crossed, mutated } from '../../../schedules/search/evolutionary.ts';
import { everyCandidate, sizeOf } from '../../../schedules/search/exhaustive.ts';
import { inOneGo } from '../../../schedules/search/proposal.ts';
import type { Candidate, CostModel, Strategy } from '../../../schedules/search/search.ts';
import { type StrategyName, strategyFor } from '../../../schedules/search/strategies.ts';
import { type Ask, everyKey, productSpace, type SyntheticSpace, syntheticSpace } from './synthetic-space.ts';

const blind: CostModel = { score: (candidates) => candidates.map(() => 0) };
const names = ['evolutionary', 'exhaustive', 'random'] as const;

/** A tree of decisions, in which what is asked for hangs on what was decided; some leaves are discarded. */
interface Node {
  readonly name: string;
  readonly children: readonly (Node | 'legal' | 'discarded')[];
}

const { node: anyTree } = fc.letrec<{ node: Node; child: Node['children'][number] }>((tie) => ({
  node: fc.record({
    name: fc.constantFrom('rows', 'columns', 'unrolled', 'order'),
    children: fc.array(tie('child'), { minLength: 1, maxLength: 4 }),
  }),
  child: fc.oneof({ maxDepth: 3 }, fc.constantFrom('legal', 'discarded'), tie('node')),
}));

/** Asks along a tree. The names of decisions are unique on every way through it. */
function scheduleOf(tree: Node): (ask: Ask) => { ms: number; features: readonly number[] } | undefined {
  return (ask) => {
    let at: Node['children'][number] = tree;
    for (let depth = 0; typeof at === 'object'; depth++) {
      const { children }: Node = at;
      const choice: number = ask(
        `${depth}.${at.name}`,
        children.map((_, i) => 2 * i),
        2 * (children.length >> 1),
      );
      at = children[choice / 2] ?? 'discarded';
    }
    return at === 'legal' ? { ms: 1, features: [] } : undefined;
  };
}

function spaceOf(tree: Node): SyntheticSpace | undefined {
  try {
    return syntheticSpace(scheduleOf(tree));
  } catch {
    return undefined;
  }
}

/** Proposes until there is nothing more, or enough, and tells what came of it. */
function search(space: SyntheticSpace, strategy: Strategy, trials: number, batch = 16): readonly Candidate[] {
  const all: Candidate[] = [];
  while (all.length < trials) {
    const proposed = inOneGo(strategy.propose(Math.min(batch, trials - all.length)));
    if (proposed.length === 0) break;
    for (const candidate of proposed)
      strategy.tell(candidate, { kind: 'time', ms: space.msOf(candidate), spread: 0, samples: 1 });
    all.push(...proposed);
  }
  return all;
}

describe.each(names)('%s', (name) => {
  test('proposes no candidate twice, and none that it was told of', () => {
    fc.assert(
      fc.property(anyTree, fc.nat(), fc.integer({ min: 1, max: 9 }), (tree, seed, batch) => {
        const space = spaceOf(tree);
        if (space === undefined) return;
        const strategy = strategyFor(name, space, blind, randomSourceOf(seed, ''));
        strategy.tell(space.preferred, { kind: 'trap', message: '' });
        const keys = search(space, strategy, 500, batch).map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys).not.toContain(space.preferred.key);
      }),
    );
  });

  test('proposes the same from the same seed', () => {
    const first = (seed: number) => {
      const space = productSpace(49, 96, 576);
      return inOneGo(strategyFor(name, space, blind, randomSourceOf(seed, 'task')).propose(16));
    };
    expect(first(3)).toEqual(first(3));
    if (name !== 'exhaustive') expect(first(3)).not.toEqual(first(4));
  });

  test('proposes no more than is asked for', () => {
    const strategy = strategyFor(name, productSpace(49, 96, 576), blind, randomSourceOf(1, ''));
    for (const count of [1, 2, 7]) expect(inOneGo(strategy.propose(count))).toHaveLength(count);
  });

  test('comes to an end where the space does', () => {
    const space = syntheticSpace((ask) => ({ ms: ask('a', [1, 2, 3]) * ask('b', [1, 2, 3]), features: [] }));
    const strategy = strategyFor(name, space, blind, randomSourceOf(1, ''));
    expect(search(space, strategy, 100)).toHaveLength(9);
    expect(inOneGo(strategy.propose(4))).toEqual([]);
  });
});

describe('exhaustive', () => {
  test('finds every schedule of a tree of decisions, whatever hangs on what', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const space = spaceOf(tree);
        if (space === undefined) return;
        const keys = [...everyCandidate(space)].map(({ key }) => key);
        expect(new Set(keys)).toEqual(everyKey(scheduleOf(tree)));
        expect(keys).toHaveLength(new Set(keys).size);
      }),
      { numRuns: 300 },
    );
  });

  test('begins with what departs the least from the default', () => {
    const space = syntheticSpace((ask) => ({
      ms: 1,
      features: ['a', 'b', 'c'].map((name) => ask(name, [1, 2, 3], 2)),
    }));
    const departures = [...everyCandidate(space)].map(
      ({ decisions }) => [...decisions.values()].filter((choice) => choice !== 2).length,
    );
    expect(departures).toHaveLength(27);
    expect(departures).toEqual(departures.toSorted((a, b) => a - b));
  });

  test('finds the fastest', () => {
    const space = productSpace(16, 64, 64);
    const found = search(
      space,
      strategyFor('exhaustive', space, blind, () => 0),
      1e5,
    ).map(space.msOf);
    const random = randomSourceOf(1, '');
    const drawn = Array.from({ length: 5000 }, () => space.sample(random)).filter((sample) => sample !== undefined);
    expect(Math.min(...found)).toBeLessThanOrEqual(Math.min(...drawn.map(space.msOf)));
  });

  test('proposes the best of some candidates first', () => {
    const space = syntheticSpace((ask) => ({ ms: 1, features: [ask('a', [1, 2, 3, 4, 5, 6])] }));
    const model: CostModel = { score: (candidates) => candidates.map(({ features }) => features[0] ?? 0) };
    const strategy = strategyFor('exhaustive', space, model, () => 0);
    expect(search(space, strategy, 6, 2).map(({ features }) => features[0])).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test('is taken for small spaces', () => {
    const auto = (space: SyntheticSpace) => strategyFor('auto', space, blind, () => 0).name;
    expect(sizeOf(productSpace(49, 96, 576))).toBe(2016);
    expect(auto(productSpace(49, 96, 576))).toBe('evolutionary');
    expect(auto(syntheticSpace((ask) => ({ ms: ask('a', [1, 2]), features: [] })))).toBe('exhaustive');
  });
});

describe('evolution', () => {
  const space = productSpace(49, 96, 576);

  test('a mutation changes some decisions, and no others', () => {
    const random = randomSourceOf(5, '');
    const changes = Array.from({ length: 200 }, () => {
      const decisions = mutated(space.preferred, random);
      expect([...decisions.keys()]).toEqual([...space.preferred.decisions.keys()]);
      return [...decisions].filter(([name, choice]) => space.preferred.decisions.get(name) !== choice).length;
    });
    expect(changes.filter((count) => count === 1).length).toBeGreaterThan(80);
    expect(Math.max(...changes)).toBeGreaterThan(1);
  });

  test('a crossing takes each decision from one of both', () => {
    const random = randomSourceOf(5, '');
    const draw = () => space.sample(random) ?? space.preferred;
    for (let i = 0; i < 50; i++) {
      const [a, b] = [draw(), draw()];
      for (const [name, choice] of crossed(a, b, random))
        expect([a.decisions.get(name), b.decisions.get(name)]).toContain(choice);
    }
  });

  test('with a model that learns it needs far fewer trials than random order to come within 5 % of the best', () => {
    const spaces = [productSpace(49, 160, 960), productSpace(784, 32, 192), productSpace(196, 512, 512)];
    const ratios = spaces.map((space) => {
      const best = Math.min(...[...everyCandidate(space)].map(space.msOf));
      const evolutionary = medianTrials(space, 'evolutionary', 1.05 * best);
      return medianTrials(space, 'random', 1.05 * best) / evolutionary;
    });
    expect(Math.min(...ratios)).toBeGreaterThan(1.5);
  });
});

/** How many noisy measurements it takes until one candidate is as fast as that; the median over some seeds. */
function medianTrials(space: SyntheticSpace, name: StrategyName, ms: number): number {
  const counts = Array.from({ length: 9 }, (_, seed) => {
    const noise = randomSourceOf(seed, 'noise');
    const model = learnedCostModel(emptyForest);
    const strategy = strategyFor(name, space, model, randomSourceOf(seed, name));
    for (let trials = 0; ; ) {
      const measured = inOneGo(strategy.propose(16)).map((candidate) => ({
        candidate,
        ms: space.msOf(candidate) * (1 + 0.03 * (noise() + noise() - 1)),
      }));
      const hit = measured.findIndex(({ candidate }) => space.msOf(candidate) <= ms);
      if (hit >= 0 || measured.length === 0) return trials + hit + 1;
      trials += measured.length;
      for (const { candidate, ms } of measured)
        strategy.tell(candidate, { kind: 'time', ms, spread: 0.02, samples: 9 });
      model.learn(
        'task',
        measured.map(({ candidate, ms }) => ({ features: candidate.features, ms })),
      );
    }
  });
  return counts.sort((a, b) => a - b)[4] as number;
}
