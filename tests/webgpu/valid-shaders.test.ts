import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { arbitraryGraph } from '../generators/graph.ts';
import { arbitraryKernelGraph } from '../generators/kernel-graph.ts';
import { validatingDevice } from './dawn.ts';
import { validateShaders } from './validate.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 40);
const device = await validatingDevice();

const generators: Readonly<Record<string, fc.Arbitrary<{ readonly graph: Graph }>>> = {
  'kernels of any shape': arbitraryKernelGraph(),
  'whole programs': arbitraryGraph({ maxSteps: 14 }),
};

test.each(Object.entries(generators))(
  'shaders of %s are valid by the default limits and without optional features',
  { timeout: 3_600_000 },
  async (_, generator) => {
    await fc.assert(
      fc.asyncProperty(generator, async ({ graph }) => {
        const { files } = await compile(graph, { targets: ['wasm', 'webgpu'] });
        expect(await validateShaders(device, files)).toEqual([]);
      }),
      { numRuns: runs },
    );
  },
);
