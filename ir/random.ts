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
 * A source for each of several things that share a seed, apart from one another: seed and name are mixed by FNV-1a and
 * the finalizer of MurmurHash3, so that neighbouring seeds give other numbers from the first one on.
 */
export function randomSourceOf(seed: number, name: string): () => number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return randomSource(hash ^ (hash >>> 16));
}
