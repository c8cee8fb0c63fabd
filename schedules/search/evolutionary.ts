import { openDecisionsOf } from '../decision.ts';
import type { Choice } from '../step.ts';
import { MISSES } from './random.ts';
import type { Candidate, CostModel, Decisions, SearchSpace, Strategy } from './search.ts';
import { takeBest } from './take-best.ts';

/**
 * How many new candidates are bred for each one that is proposed. To come within 5 % of the best of synthetic spaces took
 * 66 trials with 2, 34 with 4 and 29 with 6, with a prior; and to make a candidate takes about 20 ms, to measure it 33.
 */
const BRED = 4;
/** How many candidates wait for the next proposals, for each one that is proposed: the best by the model. */
const WAITING = 8;
/** The part of what is proposed that is drawn at random, so that the model also learns what it does not expect. */
const EXPLORED = 0.1;
/** The part of what is bred that is drawn at random. */
const RANDOM = 0.2;
/** The part of what has parents that has two. */
const CROSSED = 0.4;
/** The chance of one more mutation. */
const AGAIN = 0.3;
/** How many of the fastest candidates are parents. */
const PARENTS = 16;

/**
 * Evolves the decisions of schedules, after Ansor (Zheng et al., OSDI 2020, §5.1): the fastest that were measured are
 * mutated and crossed, and of those that are bred the model chooses what is proposed, but for a few at random.
 * `random` gives numbers in [0, 1).
 */
export function evolutionaryStrategy(space: SearchSpace, model: CostModel, random: () => number): Strategy {
  const seen = new Set<string>();
  const parents: { readonly candidate: Candidate; readonly ms: number }[] = [];
  let waiting: readonly Candidate[] = [];

  // The smaller of two ranks: the fastest are taken most often.
  const parent = (): Candidate =>
    parents[Math.floor(Math.min(random(), random()) * parents.length)]?.candidate ?? space.preferred;
  const sample = (): Candidate | undefined => space.sample(random);
  const breed = (): Candidate | undefined => {
    if (random() < RANDOM) return sample();
    const isCrossed = parents.length > 1 && random() < CROSSED;
    return space.at(isCrossed ? crossed(parent(), parent(), random) : mutated(parent(), random));
  };
  /** One that is in none of both. */
  function* draw(
    make: () => Candidate | undefined,
    known: ReadonlySet<string>,
  ): Generator<undefined, Candidate | undefined> {
    for (let misses = 0; misses < MISSES; misses++) {
      const candidate = make();
      yield;
      if (candidate !== undefined && !seen.has(candidate.key) && !known.has(candidate.key)) return candidate;
    }
    return undefined;
  }

  return {
    name: 'evolutionary',
    *propose(count) {
      const pool = waiting.filter(({ key }) => !seen.has(key));
      const known = new Set(pool.map(({ key }) => key));
      const drawn: Candidate[] = [];
      const add = (candidate: Candidate | undefined, to: Candidate[]): boolean => {
        if (candidate === undefined) return false;
        known.add(candidate.key);
        to.push(candidate);
        return true;
      };
      for (let i = 0; i < count; i++) if (random() < EXPLORED) add(yield* draw(sample, known), drawn);
      for (let i = 0; i < BRED * count; i++)
        if (!add((yield* draw(breed, known)) ?? (yield* draw(sample, known)), pool)) break;
      const { best, others } = takeBest(pool, count - drawn.length, model);
      waiting = others.slice(0, WAITING * count);
      const proposed = [...best, ...drawn];
      for (const { key } of proposed) seen.add(key);
      return proposed;
    },
    tell: (candidate, outcome) => {
      seen.add(candidate.key);
      if (outcome.kind !== 'time') return;
      parents.push({ candidate, ms: outcome.ms });
      parents.sort((a, b) => a.ms - b.ms).splice(PARENTS);
    },
  };
}

/** Some decisions made otherwise; of numbers often the next smaller or larger one. */
export function mutated({ trace, decisions }: Candidate, random: () => number): Decisions {
  const open = openDecisionsOf(trace);
  const changed = new Map(decisions);
  do {
    const decision = open[Math.floor(random() * open.length)];
    if (decision === undefined) break;
    const { name, candidates } = decision;
    const at = candidates.indexOf(changed.get(name) as Choice);
    const isNear = typeof candidates[at] === 'number' && random() < 0.5;
    const to = isNear
      ? at + (random() < 0.5 ? 1 : -1)
      : (at + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
    changed.set(name, candidates[to] ?? (candidates[at] as Choice));
  } while (random() < AGAIN);
  return changed;
}

/** Each decision as one of both made it. */
export function crossed(a: Candidate, b: Candidate, random: () => number): Decisions {
  const mixed = new Map(a.decisions);
  for (const [name, choice] of b.decisions) if (!mixed.has(name) || random() < 0.5) mixed.set(name, choice);
  return mixed;
}
