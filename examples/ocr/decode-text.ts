/**
 * CTC decoding without a language model: at every step along the line the likeliest class; repeated classes
 * are one character, and class 0, the blank, separates. `scores` is steps × classes, row-major.
 */
export function decodeText(scores: Float32Array, steps: number, alphabet: readonly string[]): string {
  const classes = scores.length / steps;
  const best = Array.from({ length: steps }, (_, step) =>
    indexOfLargest(scores.subarray(step * classes, (step + 1) * classes)),
  );
  return best
    .filter((label, step) => label !== 0 && label !== best[step - 1])
    .map((label) => alphabet[label] ?? '�')
    .join('');
}

/** The recogniser's classes: the blank, the characters of its key file (one a line), and a space. */
export function readAlphabet(keys: string): readonly string[] {
  return ['', ...keys.replace(/\r?\n$/, '').split(/\r?\n/), ' '];
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}
