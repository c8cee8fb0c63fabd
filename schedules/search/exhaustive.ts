import { openDecisionsOf } from '../decision.ts';
import type { Candidate, CostModel, Decisions, SearchSpace, Strategy } from './search.ts';
import { takeBest } from './take-best.ts';

/** Of so many candidates for each one that is asked for, the model chooses. */
const LOOKAHEAD = 4;

/** Every schedule of a space, those that depart the least from the default first; of some at a time the best by the model. */
export function exhaustiveStrategy(space: SearchSpace, model: CostModel): Strategy {
  const rest = everyCandidate(space);
  const told = new Set<string>();
  let waiting: readonly Candidate[] = [];
  return {
    name: 'exhaustive',
    *propose(count) {
      const found = waiting.filter(({ key }) => !told.has(key));
      while (found.length < LOOKAHEAD * count) {
        const next = rest.next();
        if (next.done) break;
        yield;
        if (!told.has(next.value.key)) found.push(next.value);
      }
      const { best, others } = takeBest(found, count, model);
      waiting = others;
      return best;
    },
    tell: ({ key }) => void told.add(key),
  };
}

/**
 * The candidates of a space, each once: the tree of its decisions, breadth first. A schedule in which the first
 * decisions are fixed and the others made by rule is both a leaf of the tree and the way to its neighbours, which each
 * fix one decision more, to another choice.
 */
export function* everyCandidate(space: SearchSpace): Generator<Candidate, undefined> {
  const seen = new Set<string>();
  const branches: Decisions[] = [new Map()];
  for (const fixed of branches) {
    const candidate = space.at(fixed);
    if (candidate === undefined) {
      // What the rule chose is not known: every choice of the next decision is looked at.
      const next = space.openDecisions(fixed).find(({ name }) => !fixed.has(name));
      for (const choice of next?.candidates ?? []) branches.push(new Map(fixed).set(next?.name ?? '', choice));
      continue;
    }
    if (!seen.has(candidate.key)) yield candidate;
    seen.add(candidate.key);
    const prefix = new Map(fixed);
    for (const { name, candidates } of openDecisionsOf(candidate.trace)) {
      const chosen = candidate.decisions.get(name);
      if (prefix.has(name) || chosen === undefined) continue;
      for (const choice of candidates) if (choice !== chosen) branches.push(new Map(prefix).set(name, choice));
      prefix.set(name, chosen);
    }
  }
  return undefined;
}

/** How many schedules a space has, if every one came to ask for what the default schedule does. */
export const sizeOf = ({ preferred }: SearchSpace): number =>
  openDecisionsOf(preferred.trace).reduce((product, { candidates }) => product * candidates.length, 1);
