import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryHaloGraph } from '../generators/halo-graph.ts';
import { findDifference } from './compile-and-run.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 60);

test('kernels that write into a halo compute what the interpreter does', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHaloGraph(), async ({ graph, inputs, isExact }) => {
      const isHalf = graph.nodes.some(({ outputs }) => outputs.some(({ type }) => type.dtype === 'f16'));
      const tolerance = isExact ? 0 : isHalf ? 2e-2 : 1e-3;
      expect(await findDifference(graph, inputs, { rtol: tolerance, atol: tolerance })).toBeUndefined();
    }),
    { numRuns: runs },
  );
});
