import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTensors } from '../../compiler/io/compare.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import { arbitraryKernelGraph } from '../generators/kernel-graph.ts';
import { softwareAdapter } from './dawn.ts';
import { runOnGpu } from './run-program.ts';

const adapter = await softwareAdapter();
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

test.skipIf(device === undefined)(
  'a GPU computes the same from weights that are in the order of the processor',
  { timeout: 3_600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryKernelGraph(), async ({ graph, inputs }) => {
        const expected = interpretGraph(graph, inputs);
        const actual = await runOnGpu(device as GPUDevice, graph, inputs, ['wasm', 'webgpu']).catch(
          (error: unknown) => {
            if (error instanceof UnsupportedError) return expected;
            throw error;
          },
        );
        for (const [name, tensor] of Object.entries(expected)) {
          const { wrong } = compareTensors(actual[name] as TensorData, tensor, { rtol: 1e-2, atol: 1e-3 });
          expect(wrong, printGraph(graph)).toBe(0);
        }
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 25) },
    );
  },
);
