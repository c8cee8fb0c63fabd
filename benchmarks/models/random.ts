/** A stream of numbers in [0, 1) that the seed determines: the generator known as mulberry32. */
export function randomStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers of mean 0 and the given standard deviation, uniform in an interval. */
export function randomFloats(next: () => number, count: number, deviation: number): Float32Array {
  const width = 2 * Math.sqrt(3) * deviation;
  return Float32Array.from({ length: count }, () => (next() - 0.5) * width);
}
