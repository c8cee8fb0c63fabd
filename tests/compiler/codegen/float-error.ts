const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * How far an f32 is from the exact value, in units of the last place of that value. Infinite for another NaN or sign of
 * zero, and for an infinity that no rounding gives.
 */
export function ulpError(actual: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Number.isNaN(nearest)) return Number.isNaN(actual) ? 0 : Number.POSITIVE_INFINITY;
  if (exact === 0) return Object.is(actual, nearest) ? 0 : Number.POSITIVE_INFINITY;
  const largest = 2 ** 128 - 2 ** 103;
  if (!Number.isFinite(nearest))
    return Math.sign(actual) === Math.sign(exact) && Math.abs(actual) >= largest - 2 ** 105
      ? 0
      : Number.POSITIVE_INFINITY;
  // Just below overflow, infinity is one more step on.
  if (!Number.isFinite(actual))
    return Math.sign(actual) === Math.sign(exact) ? (2 ** 128 - Math.abs(exact)) / 2 ** 104 : actual;
  float[0] = Math.abs(nearest);
  const exponent = Math.max((bits[0] as number) >>> 23, 1);
  return Math.abs(actual - exact) / 2 ** (exponent - 150);
}

/** Every `step`-th f32, NaN and infinities included, in columns of `length`, the special values first. */
export function* sweep(step: number, length: number): Generator<readonly [Float32Array]> {
  const specials = [
    0,
    -0,
    Infinity,
    -Infinity,
    Number.NaN,
    1,
    -1,
    2 ** -149,
    -(2 ** -149),
    2 ** -126,
    3.4028234663852886e38,
  ];
  let next = 0;
  while (next < 2 ** 32) {
    const values = new Float32Array(length);
    const patterns = new Uint32Array(values.buffer);
    const first = next === 0 ? specials.length : 0;
    if (first > 0) values.set(specials);
    for (let i = first; i < length; i++, next += step) patterns[i] = next % 2 ** 32;
    yield [values];
  }
}
