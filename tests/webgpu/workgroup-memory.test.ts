import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { lowerForWebgpu } from '../../compiler/tensor-passes/index.ts';
import { ScheduleError } from '../../ir/errors.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../ir/text/parse.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { replay, type Step } from '../../schedules/trace.ts';
import { randomInputs } from '../generators/tensor-func.ts';
import { softwareAdapter } from './dawn.ts';
import { runKernelOnGpu } from './run-kernel.ts';

const adapter = await softwareAdapter();
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 40);

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

const product = ({ rows, columns, depth }: Shape): TensorFunc =>
  parseTensorFunc(`func @product(%A: f32[${rows}, ${depth}], %B: f32[${depth}, ${columns}]) -> (%C: f32[${rows}, ${columns}]) {
    temp %sum: f32[${rows}, ${columns}] global
    for i in ${rows} { for j in ${columns} { for k in ${depth} {
      block sum(vi: spatial(${rows}) = i, vj: spatial(${columns}) = j, vk: reduce(${depth}) = k) {
        init { %sum[vi, vj] = 0f32 }
        %sum[vi, vj] = %sum[vi, vj] + %A[vi, vk] * %B[vk, vj]
      }
    } } }
    for a in ${rows} { for b in ${columns} {
      block out(va: spatial(${rows}) = a, vb: spatial(${columns}) = b) { %C[va, vb] = %sum[va, vb] }
    } }
  }`);

interface Choices {
  /** Invocations of a workgroup, and what each computes: rows and columns. */
  readonly group: readonly [number, number];
  readonly tile: readonly [number, number];
  /** Steps of the reduction between two copies. */
  readonly steps: number;
  /** How many invocations along each axis copy each operand that the workgroup has in its memory, and which axis takes rows. */
  readonly copies: readonly {
    readonly buffer: string;
    readonly share: readonly [number, number];
    readonly turned: boolean;
  }[];
}

/** A product whose operands the invocations of a workgroup copy into its memory together. */
function cooperative({ group, tile, steps, copies }: Choices): readonly Step[] {
  const axes = ['invocation.y', 'invocation.x'] as const;
  return [
    { primitive: 'split', loop: 'a', factors: [null, group[0], tile[0]], names: ['a_group', 'a_in', 'a_tile'] },
    { primitive: 'split', loop: 'b', factors: [null, group[1], tile[1]], names: ['b_group', 'b_in', 'b_tile'] },
    { primitive: 'reorder', loops: ['a_group', 'b_group', 'a_in', 'b_in', 'a_tile', 'b_tile'] },
    { primitive: 'compute-at', block: 'sum', loop: 'b_in', names: ['i', 'j', 'k'] },
    { primitive: 'set-scope', buffer: 'sum', scope: 'local' },
    { primitive: 'split', loop: 'k', factors: [null, steps], names: ['k_outer', 'k_step'] },
    { primitive: 'reorder', loops: ['k_outer', 'k_step', 'i', 'j'] },
    { primitive: 'decompose-reduction', block: 'sum', loop: 'k_outer' },
    ...copies.map(({ buffer }): Step => ({ primitive: 'cache-read', block: 'sum', buffer, scope: 'workgroup' })),
    { primitive: 'bind', loop: 'a_in', axis: 'invocation.y' },
    { primitive: 'bind', loop: 'b_in', axis: 'invocation.x' },
    ...copies.flatMap(({ buffer, share, turned }): readonly Step[] => {
      const loops = [`${buffer}_0`, `${buffer}_1`] as const;
      const inner = [`${loops[0]}_in`, `${loops[1]}_in`] as const;
      return [
        { primitive: 'compute-at', block: `${buffer}_copy`, loop: 'k_outer', names: loops },
        { primitive: 'split', loop: loops[0], factors: [null, share[0]], names: [`${loops[0]}_outer`, inner[0]] },
        { primitive: 'split', loop: loops[1], factors: [null, share[1]], names: [`${loops[1]}_outer`, inner[1]] },
        { primitive: 'bind', loop: inner[0], axis: axes[turned ? 1 : 0] },
        { primitive: 'bind', loop: inner[1], axis: axes[turned ? 0 : 1] },
      ];
    }),
    { primitive: 'bind', loop: 'a_group', axis: 'workgroup.y' },
    { primitive: 'bind', loop: 'b_group', axis: 'workgroup.x' },
  ];
}

const arbitraryShape = fc.record({
  rows: fc.integer({ min: 1, max: 33 }),
  columns: fc.integer({ min: 1, max: 33 }),
  depth: fc.integer({ min: 2, max: 20 }),
});

const arbitraryChoices: fc.Arbitrary<Choices> = fc
  .record({
    group: fc.tuple(fc.constantFrom(2, 3, 4, 8), fc.constantFrom(2, 4, 8)),
    tile: fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(1, 2, 4)),
    steps: fc.constantFrom(1, 2, 3, 4, 8),
    buffers: fc.subarray(['A', 'B'], { minLength: 1 }),
    shares: fc.array(fc.tuple(fc.constantFrom(1, 2, 3, 4), fc.constantFrom(1, 2, 3, 4)), {
      minLength: 2,
      maxLength: 2,
    }),
    turned: fc.boolean(),
  })
  .map(({ buffers, shares, turned, ...rest }) => ({
    ...rest,
    copies: buffers.map((buffer, i) => ({ buffer, share: shares[i] as [number, number], turned })),
  }));

/** How the results of a scheduled function on a device differ from the interpreter's of the unscheduled one. */
async function findDifference(func: TensorFunc, scheduled: TensorFunc): Promise<string | undefined> {
  const inputs = randomInputs(func, 1);
  const expected = interpretFunc(func, inputs);
  const sequential = interpretFunc(scheduled, inputs);
  const actual = await runKernelOnGpu(device as GPUDevice, lowerForWebgpu(scheduled), inputs);
  for (const results of [sequential, actual])
    for (const [i, tensor] of expected.entries()) {
      const difference = compareTensors({ ...(results[i] as TensorData), shape: tensor.shape }, tensor, {
        rtol: 1e-4,
        atol: 1e-4,
      });
      if (difference.wrong > 0) return `${describeDifference(difference)}\n${printTensorFunc(scheduled)}`;
    }
  return undefined;
}

test.skipIf(device === undefined)(
  `what invocations copy into the memory of their workgroup together, they read there as the interpreter does${why}`,
  { timeout: 600_000 },
  async () => {
    let legal = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryShape, arbitraryChoices, async (shape, choices) => {
        const func = product(shape);
        let scheduled: TensorFunc;
        try {
          scheduled = replay(func, cooperative(choices));
        } catch (error) {
          if (error instanceof ScheduleError) return;
          throw error;
        }
        legal++;
        expect(await findDifference(func, scheduled)).toBeUndefined();
      }),
      { numRuns: runs },
    );
    expect(legal).toBeGreaterThan(runs / 8);
  },
);

describe('a loop over invocations in another one over the same axis', () => {
  const nested = (value: string, scope = 'workgroup', reader = '%shared[7 - v]'): TensorFunc =>
    parseTensorFunc(`func @f(%A: f32[8]) -> (%B: f32[8]) {
      temp %shared: f32[8] ${scope}
      for t in 8 {
        for c in 8 { block copy(w: spatial(8) = c, u: spatial(8) = ${value}) { %shared[w] = %A[w] } }
        block out(v: spatial(8) = t) { %B[v] = ${reader} }
      }
    }`);
  const bind = (func: TensorFunc): TensorFunc =>
    replay(func, [
      { primitive: 'bind', loop: 't', axis: 'invocation.x' },
      { primitive: 'bind', loop: 'c', axis: 'invocation.x' },
    ]);

  test('fills a buffer of the workgroup with what does not depend on the outer one', () => {
    expect(() => bind(nested('0'))).not.toThrow();
  });

  test('is refused where it depends on the outer one, or writes what others see', () => {
    expect(() => bind(nested('t'))).toThrow(/different elements of 'shared'/);
    expect(() => bind(nested('0', 'global'))).toThrow(/different elements of 'shared'/);
  });
});
