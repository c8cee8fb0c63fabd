/**
 * The error function in double precision: the Taylor series of erf for |x| < 3, beyond it the continued fraction of
 * erfc (Abramowitz and Stegun, 7.1.6 and 7.1.14). Relative error below 1e-14.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const magnitude = Math.abs(x);
  const value = magnitude < 3 ? series(magnitude) : magnitude > 6 ? 1 : 1 - continuedFraction(magnitude);
  return x < 0 ? -value : x === 0 ? x : value;
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 * Math.exp(-x * x)) / Math.sqrt(Math.PI)) * sum;
}

function continuedFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
