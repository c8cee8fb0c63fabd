import { expect, test } from 'vitest';
import { directCost, winogradCost } from '../../../schedules/target/conv-cost.ts';
import { wasmRelaxedSimd, wasmSimd } from '../../../schedules/target/target.ts';

/** Measured, the plain definition takes 2.8, 3, 2.5 and 1.9 times as long as tiles of 4 × 4, and 1.3 to 2 times as 2 × 2. */
test.each([
  [64, 56],
  [128, 28],
  [256, 14],
  [512, 7],
])('%i channels at %i² cost least with tiles of 4 × 4, most without', (channels, size) => {
  const sizes = { lines: size, height: size, width: size, inputs: channels, outputs: channels };
  for (const target of [wasmSimd, wasmRelaxedSimd]) {
    const costs = [winogradCost(sizes, 4, target), winogradCost(sizes, 2, target), directCost(sizes, target)];
    expect(costs.map(({ cycles }) => cycles)).toEqual(costs.map(({ cycles }) => cycles).toSorted((a, b) => a - b));
  }
});
