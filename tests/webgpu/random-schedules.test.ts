import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimizeGraph, passesForWebgpu } from '../../compiler/graph-passes/index.ts';
import { operandOf } from '../../compiler/hoist-constants.ts';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { buildVariant, type KernelSource, kernelSources } from '../../compiler/kernels.ts';
import { plainly } from '../../compiler/webgpu/kernels.ts';
import { invariant } from '../../ir/errors.ts';
import { randomSource } from '../../ir/random.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { parseGraph } from '../../ir/text/parse.ts';
import { atRandom, byRule, type Decide } from '../../schedules/decision.ts';
import { webgpu } from '../../schedules/target/target.ts';
import { printStep } from '../../schedules/trace-text.ts';
import { randomInputs } from '../generators/tensor-func.ts';
import { softwareAdapter, validatingDevice } from './dawn.ts';
import { runPhasesOnGpu } from './run-kernel.ts';

const adapter = await softwareAdapter();
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
/** By the default limits. */
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();
invariant(webgpu.gpu !== undefined, 'WebGPU has limits');
const passes = passesForWebgpu(webgpu.gpu);
const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 25);

const sizes = fc.constantFrom(1, 4, 7, 8, 20, 33);
const sides = fc.constantFrom(7, 8, 20, 33);

interface Kernels {
  readonly graphs: fc.Arbitrary<string>;
  /** The decisions that are mostly made at random, and a step that then is in some schedules. */
  readonly decisions: RegExp;
  readonly step: RegExp;
}

/** What is made of a product in models, and of a row. */
const kernels: Readonly<Record<string, Kernels>> = {
  'a product of matrices': {
    graphs: fc
      .tuple(fc.integer({ min: 1, max: 2 }), sides, sides, fc.constantFrom(52, 64, 96, 128), fc.boolean())
      .map(([batch, m, n, k, transB]) => matmul(batch, m, n, k, transB)),
    decisions: /shared/,
    step: /^reindex-cache-read/m,
  },
  'a product of a vector': {
    graphs: fc
      .tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 1, 3),
        sizes,
        fc.constantFrom(64, 100, 256),
        fc.boolean(),
      )
      .map(([batch, m, n, k, transB]) => matmul(batch, m, n, k, transB)),
    decisions: /parts|workgroup-rows/,
    step: /^rfactor/m,
  },
  'a convolution': {
    graphs: fc
      .tuple(
        fc.integer({ min: 5, max: 9 }),
        fc.constantFrom(8, 20, 33),
        fc.constantFrom(1, 8, 16, 20),
        fc.constantFrom(1, 2),
      )
      .map(([size, outputs, inputs, stride]) => conv(size, outputs, inputs, stride)),
    decisions: /shared|definition|parts/,
    step: /^reindex-cache-read|^rfactor/m,
  },
  'a transpose': {
    graphs: fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 14, max: 40 }), fc.integer({ min: 14, max: 40 }))
      .map(([batch, rows, columns]) => transpose(batch, rows, columns)),
    decisions: /shared/,
    step: /axis=invocation.y/m,
  },
  'a sum of rows': {
    graphs: fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(30, 128, 200, 300), fc.boolean())
      .map(([rows, columns, keepDims]) => sum(rows, columns, keepDims)),
    decisions: /workgroup-rows/,
    step: /axis=workgroup/m,
  },
};

const matmul = (batch: number, m: number, n: number, k: number, transB: boolean): string =>
  `graph @product(%a: f32[${batch}, ${m}, ${k}], %b: f32[${transB ? `${n}, ${k}` : `${k}, ${n}`}], %bias: f32[${n}]) -> ("y" = %y) {
    %product: f32[${batch}, ${m}, ${n}] = matmul(%a, %b) {transA = false, transB = ${transB}}
    %y: f32[${batch}, ${m}, ${n}] = add(%product, %bias)
  }`;

function conv(size: number, outputs: number, inputs: number, stride: number): string {
  const places = Math.floor((size - 3) / stride) + 1;
  const result = `f32[1, ${places}, ${places + 1}, ${outputs}]`;
  return `graph @conv(%x: f32[1, ${size}, ${size + stride}, ${inputs}], %w: f32[${outputs}, ${inputs}, 3, 3]) -> ("y" = %y) {
    %conv: ${result} = conv(%x, %w) {strides = [${stride}, ${stride}], dilations = [1, 1], groups = 1, channels = "last"}
    %y: ${result} = tanh(%conv)
  }`;
}

const transpose = (batch: number, rows: number, columns: number): string =>
  `graph @turn(%x: f32[${batch}, ${rows}, ${columns}], %b: f32[${batch}, ${columns}, ${rows}]) -> ("y" = %y) {
    %turned: f32[${batch}, ${columns}, ${rows}] = transpose(%x) {perm = [0, 2, 1]}
    %y: f32[${batch}, ${columns}, ${rows}] = add(%turned, %b)
  }`;

function sum(rows: number, columns: number, keepDims: boolean): string {
  const result = keepDims ? `f32[2, ${rows}, 1]` : `f32[2, ${rows}]`;
  return `graph @rows(%x: f32[2, ${rows}, ${columns}]) -> ("y" = %y) {
    %sum: ${result} = reduce_sum(%x) {axes = [2], keepDims = ${keepDims}}
    %y: ${result} = tanh(%sum)
  }`;
}

/** About half of the decisions at random, those of which `wanted` says something mostly so, the others by the rule. */
function decideSome(random: () => number, wanted: RegExp): Decide {
  const decide = atRandom(random);
  return (decision) => (random() < (wanted.test(decision.name) ? 0.9 : 0.5) ? decide(decision) : byRule(decision));
}

/** Decides the schedule of a kernel and runs it, by the interpreter and on the device. Returns what differs, and the steps. */
async function findDifference(
  gpu: GPUDevice,
  { workload, context }: KernelSource,
  decide: Decide,
): Promise<{ readonly difference?: string; readonly steps: string }> {
  const { definitions, preferred } = plainly(workload);
  const variant = buildVariant({ definitions, preferred }, { ...context, target: webgpu }, decide);
  const steps = variant.trace.map(printStep).join('\n');
  const [plain] = definitions;
  if (plain === undefined) return { steps };
  const inputs = randomInputs(plain.func, 1);
  const operands = variant.inputs.map((input) => operandOf(input, inputs[input.source] as TensorData));
  const expected = interpretFunc(plain.func, inputs);
  const validating = await validatingDevice();
  await expect(runPhasesOnGpu(validating, variant, operands)).resolves.toBeDefined();
  for (const results of [interpretFunc(variant.scheduled, inputs), await runPhasesOnGpu(gpu, variant, operands)])
    for (const [i, tensor] of expected.entries()) {
      const result = { ...(results[i] as TensorData), shape: tensor.shape };
      const difference = compareTensors(result, tensor, { rtol: 1e-2, atol: 1e-3 });
      if (difference.wrong > 0) return { difference: describeDifference(difference), steps };
    }
  return { steps };
}

test.skipIf(device === undefined).each(Object.entries(kernels))(
  `%s computes what the interpreter does however it is scheduled${why}`,
  { timeout: 3_600_000 },
  async (_, { graphs, decisions, step }) => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(graphs, fc.nat(), async (text, seed) => {
        const graph = optimizeGraph(parseGraph(text), undefined, passes);
        const random = randomSource(seed);
        for (const source of kernelSources(graph, 'auto', 0)) {
          const { difference, steps } = await findDifference(
            device as GPUDevice,
            source,
            decideSome(random, decisions),
          );
          expect(difference, `${text}\n${steps}`).toBeUndefined();
          if (step.test(steps)) found++;
        }
      }),
      { numRuns: runs },
    );
    expect(found).toBeGreaterThan(runs / 20);
  },
);
