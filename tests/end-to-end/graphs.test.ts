import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryGraph } from '../generators/graph.ts';
import { findDifference } from './compile-and-run.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 60);
const exactly = { rtol: 0, atol: 0 };

test('compiled programs of any operators compute what the interpreter does', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryGraph({ maxSteps: 14 }), async ({ graph, inputs }) => {
      expect(await findDifference(graph, inputs, exactly)).toBeUndefined();
    }),
    { numRuns: runs },
  );
});
