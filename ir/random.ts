/** Marsaglia's xorshift32: the same seed gives the same numbers on every machine. Gives a number in [0, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * A source for each of several things that share a seed, apart from one another: FNV-1a of the name, begun from the seed,
 * with both mixed so that neighbouring seeds give other numbers from the first one on.
 */
export function randomSourceOf(seed: number, name: string): () => number {
  let hash = mixed(0x811c9dc5 ^ seed);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return randomSource(mixed(hash));
}

/** The finalizer of MurmurHash3: every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
  const once = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
