import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import type { GpuFeature } from '../../runtime/webgpu/api.ts';
import { arbitraryKernelGraph } from '../generators/kernel-graph.ts';
import { softwareAdapter } from './dawn.ts';
import { runOnGpu, type Tensors } from './run-program.ts';

const adapter = await softwareAdapter();
const optional = ['subgroups', 'shader-f16'] as const;
const has = (feature: GPUFeatureName): boolean => typeof adapter !== 'string' && adapter.features.has(feature);
const device =
  typeof adapter === 'string' ? undefined : await adapter.requestDevice({ requiredFeatures: optional.filter(has) });
/** None, and all that the device has. */
const choices: readonly (readonly GpuFeature[])[] = [[], [...optional.filter(has), 'packed_4x8_integer_dot_product']];
const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 40);

/** How the results on the device, with some features, differ from the interpreter's; undefined where they do not, or it cannot compute them. */
async function findDifference(
  graph: Graph,
  inputs: Tensors,
  features: readonly GpuFeature[],
): Promise<string | undefined> {
  const expected = interpretGraph(graph, inputs);
  try {
    const actual = await runOnGpu(device as GPUDevice, graph, inputs, ['webgpu'], features);
    for (const [name, tensor] of Object.entries(expected)) {
      const difference = compareTensors(actual[name] as TensorData, tensor, { rtol: 1e-2, atol: 1e-3 });
      if (difference.wrong > 0) return `output ${name}: ${describeDifference(difference)}\n${printGraph(graph)}`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw new Error(`${(error as Error).message}\nof the graph\n${printGraph(graph)}`, { cause: error });
  }
}

test.skipIf(device === undefined)(
  `kernels of any shape compute on a GPU what the interpreter does${typeof adapter === 'string' ? `: ${adapter}` : ''}`,
  { timeout: 3_600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryKernelGraph(), fc.constantFrom(...choices), async ({ graph, inputs }, features) => {
        expect(await findDifference(graph, inputs, features)).toBeUndefined();
      }),
      { numRuns: runs },
    );
  },
);
