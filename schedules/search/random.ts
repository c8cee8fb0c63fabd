import type { Candidate, SearchSpace, Strategy } from './search.ts';

/** So many draws in a row that give nothing new, and the space is taken to hold no more. */
export const MISSES = 50;

/** Draws every decision at random. `random` gives numbers in [0, 1). */
export function randomStrategy(space: SearchSpace, random: () => number): Strategy {
  const seen = new Set<string>();
  return {
    name: 'random',
    *propose(count) {
      const proposed: Candidate[] = [];
      for (let misses = 0; proposed.length < count && misses < MISSES; ) {
        const candidate = space.sample(random);
        yield;
        if (candidate === undefined || seen.has(candidate.key)) {
          misses++;
          continue;
        }
        misses = 0;
        seen.add(candidate.key);
        proposed.push(candidate);
      }
      return proposed;
    },
    tell: ({ key }) => void seen.add(key),
  };
}
