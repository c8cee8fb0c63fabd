import { assertNever } from '../../ir/errors.ts';
import { evolutionaryStrategy } from './evolutionary.ts';
import { exhaustiveStrategy, sizeOf } from './exhaustive.ts';
import { randomStrategy } from './random.ts';
import type { CostModel, SearchSpace, Strategy } from './search.ts';

export const strategyNames = ['auto', 'evolutionary', 'exhaustive', 'random'] as const;
export type StrategyName = (typeof strategyNames)[number];

/** A space of at most so many schedules is looked at as a whole. */
const SMALL = 64;

/**
 * How a space is searched; `auto` is every candidate of a small space, and evolution in others. `random` gives numbers
 * in [0, 1): the same numbers give the same first proposals.
 */
export function strategyFor(name: StrategyName, space: SearchSpace, model: CostModel, random: () => number): Strategy {
  switch (name) {
    case 'auto':
      return strategyFor(sizeOf(space) <= SMALL ? 'exhaustive' : 'evolutionary', space, model, random);
    case 'evolutionary':
      return evolutionaryStrategy(space, model, random);
    case 'exhaustive':
      return exhaustiveStrategy(space, model);
    case 'random':
      return randomStrategy(space, random);
    default:
      return assertNever(name);
  }
}
