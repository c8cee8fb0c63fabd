import { describe, expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { onlyDirect, workloadOf } from '../../../compiler/lower/workload.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { NodeOf } from '../../../ir/graph/graph.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { asDecided, decisionsOf } from '../../../schedules/decision.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import type { Choice } from '../../../schedules/step.ts';
import { wasmSimd } from '../../../schedules/target/target.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { expectScheduled } from './same-meaning.ts';

const constants = new Set(['in1']);

/** A convolution to 7 × 7 places as its Winograd definition with tiles of `size` × `size`. */
function conv(size: 2 | 4, inputs: number, outputs: number): TensorFunc {
  const b = new GraphBuilder('conv');
  const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' } as const;
  const operands = [b.input('x', 'f32', [1, 9, 9, inputs]), b.input('w', 'f32', [outputs, inputs, 3, 3])];
  b.output('y', b.op('conv', operands, attrs));
  const node = optimizeGraph(b.finish()).nodes.find((one): one is NodeOf<'fused'> => one.op === 'fused');
  const workload = node && workloadOf(node, (input) => input === 'w');
  const definition = workload?.definitions.find(({ name }) => name === `winograd-${size}x${size}`);
  if (definition === undefined) throw new Error('the convolution has a Winograd definition');
  return definition.func;
}

describe('streams of the transformed filter', () => {
  const streams = (func: TensorFunc): Choice | undefined =>
    decisionsOf(scheduleWorkload(onlyDirect(func), { target: wasmSimd, constants }).trace).get(
      'winograd_product_1.streams',
    );

  test('are many where it does not stay in the cache, as far as they divide the inputs', () => {
    expect(streams(conv(2, 64, 64))).toBe(1);
    expect(streams(conv(4, 64, 64))).toBe(8);
    expect(streams(conv(4, 68, 64))).toBe(4);
  });

  test.each([
    [2, 1],
    [2, 8],
    [4, 4],
    [4, 8],
  ] as const)('mean the same: tiles of %i, %i streams', async (size, count) => {
    const func = conv(size, 16, 20);
    const decisions = { 'winograd_product_1.streams': count, 'winograd_product_1.vectors': 2 };
    const decide = asDecided(new Map<string, Choice>(Object.entries(decisions)));
    const trace = await expectScheduled(func, randomInputs(func, 3), constants, decide);
    const steps = trace.find((step) => step.primitive === 'split' && step.names?.[1]?.endsWith('_step'));
    expect(steps).toMatchObject({ factors: [null, Math.max(4, count)] });
    expect(trace).toContainEqual({
      primitive: 'transform-layout',
      buffer: 'winograd_filter',
      layout: [
        { dim: 3, div: 8 },
        { dim: 2, mod: count },
        { dim: 0 },
        { dim: 1 },
        { dim: 2, div: count },
        { dim: 3, mod: 8 },
      ],
    });
  });
});
