import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimizeGraph } from '../../compiler/graph-passes/index.ts';
import { operandOf } from '../../compiler/hoist-constants.ts';
import { compareTensors } from '../../compiler/io/compare.ts';
import { randomTensor } from '../../compiler/io/random-inputs.ts';
import { buildKernel, kernelSources } from '../../compiler/kernels.ts';
import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { atRandom, decisionsOf } from '../../schedules/decision.ts';
import { scheduleWorkload } from '../../schedules/space/search-space.ts';
import { wasmRelaxedSimd, wasmSimd } from '../../schedules/target/target.ts';
import { arbitraryKernelGraph } from '../generators/kernel-graph.ts';
import { runPhases } from './codegen/run-phases.ts';

const decided = (target: typeof wasmSimd, seed: number) => ({ target, decide: atRandom(randomSource(seed)) });

test.each([wasmSimd, wasmRelaxedSimd])(
  '$name is scheduled as decided, the other target for the same operands',
  async (target) => {
    await fc.assert(
      fc.asyncProperty(arbitraryKernelGraph(), fc.nat(), async ({ graph }, seed) => {
        for (const { workload, context } of kernelSources(optimizeGraph(graph))) {
          const kernel = buildKernel(workload, context, decided(target, seed));
          const variant = target === wasmSimd ? kernel : kernel.relaxed;
          const { trace } = scheduleWorkload(workload, { ...context, target }, decided(target, seed).decide);
          expect(decisionsOf(variant.trace)).toEqual(decisionsOf(trace));
          const next = randomSource(seed);
          const inputs = kernel.tensor.inputs.map((input) => randomTensor(input as unknown as TensorData, next));
          const operands = kernel.inputs.map((input) => operandOf(input, inputs[input.source] as TensorData));
          const expected = await runPhases(kernel, kernel.operands, operands);
          const actual = await runPhases(kernel.relaxed, kernel.operands, operands);
          for (const [i, output] of expected.entries())
            expect(compareTensors(actual[i] as TensorData, output, { rtol: 1e-5, atol: 1e-5 }).wrong).toBe(0);
        }
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 40) },
    );
  },
);
