import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReshapeGroup } from '../../../compiler/graph-passes/fuse/reshape-group.ts';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { assignOffsets, type Block, type MemoryPlan, planMemory } from '../../../compiler/graph-passes/plan-memory.ts';
import { byteSize } from '../../../ir/dtype.ts';
import { valueTypes } from '../../../ir/graph/edit.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { evaluateNode } from '../../../ir/graph/op-table.ts';
import { arrayFromBytes, bytesOf, elementCount, type TensorData } from '../../../ir/tensor-data.ts';
import { arbitraryGraph } from '../../generators/graph.ts';
import { f32, graphOf } from './graphs.ts';

test('blocks that live at the same time never overlap', () => {
  const block = fc
    .record({ size: fc.nat(40), first: fc.nat(20), length: fc.nat(6) })
    .map(({ size, first, length }): Block => ({ bytes: size * 64, first, last: first + length }));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 30 }), (blocks) => {
      const offsets = assignOffsets(blocks);
      blocks.forEach((a, i) => {
        blocks.forEach((b, j) => {
          if (i >= j || a.first > b.last || b.first > a.last) return;
          const [left, right] = [offsets[i] ?? 0, offsets[j] ?? 0];
          expect(left + a.bytes <= right || right + b.bytes <= left).toBe(true);
        });
      });
    }),
  );
});

/** Runs a fused graph in one arena, as the runtime does: each value is written to and read from its place. */
function runInArena(
  graph: Graph,
  plan: MemoryPlan,
  inputs: Readonly<Record<string, TensorData>>,
): Record<string, TensorData> {
  const arena = new Uint8Array(plan.arenaBytes);
  const types = valueTypes(graph);
  const constants = new Map(graph.constants.map(({ name, data }) => [name, data]));
  const write = (value: string, data: TensorData): void => arena.set(bytesOf(data.data), plan.values.get(value) ?? 0);
  const read = (value: string): TensorData => {
    const constant = constants.get(value);
    if (constant !== undefined) return constant;
    const type = types.get(value);
    const [dtype, shape] = [type?.dtype ?? 'f32', (type?.shape ?? []) as readonly number[]];
    const offset = plan.values.get(value) ?? 0;
    const bytes = arena.slice(offset, offset + elementCount(shape) * byteSize(dtype));
    return { dtype, shape, data: arrayFromBytes(dtype, bytes) };
  };
  for (const input of graph.inputs) write(input.name, inputs[input.name] as TensorData);
  for (const node of graph.nodes) {
    for (const temp of plan.temps.get(node.name) ?? []) arena.fill(0xff, temp, temp + 64);
    if (isReshapeGroup(node)) continue;
    evaluateNode(node, node.inputs.map(read)).forEach((data, i) => {
      write(node.outputs[i]?.name ?? '', data);
    });
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, read(value)]));
}

test('a run in the arena gives what the interpreter gives', () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxSteps: 16 }), ({ graph, inputs }) => {
      const fused = optimizeGraph(graph);
      const plan = planMemory(fused, new Map(fused.nodes.map((node) => [node.name, [40, 8]])));
      expect(runInArena(fused, plan, inputs)).toEqual(interpretGraph(graph, inputs));
      expect([...plan.values.values()].every((offset) => offset % 64 === 0)).toBe(true);
      expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.peak);
    }),
    { numRuns: 100 },
  );
});

describe('sharing', () => {
  const planOf = (graph: Graph): MemoryPlan => planMemory(optimizeGraph(graph), new Map());

  test('a chain of elementwise groups works in place, a reshape costs nothing', () => {
    const plan = planOf(
      graphOf((b) => {
        const curve = b.op('exp', [b.input('x', 'f32', [64])], {});
        const square = b.op('reshape', [curve], { shape: [8, 8] });
        return b.op('neg', [b.op('reshape', [b.op('tanh', [square], {})], { shape: [64] })], {});
      }),
    );
    expect(plan.arenaBytes).toBe(256);
  });

  test('an operand that is broadcast is not overwritten', () => {
    const plan = planOf(
      graphOf((b) => {
        const x = b.input('x', 'f32', [16]);
        return b.op('add', [x, b.input('z', 'f32', [16, 16])], {});
      }),
    );
    expect(plan.values.get('x')).not.toBe(plan.values.get('add'));
    expect(plan.arenaBytes).toBe(1024 + 64);
  });

  test('an operand that is read later is not overwritten', () => {
    const plan = planOf(
      graphOf((b) => {
        const x = b.input('x', 'f32', [16]);
        const curve = b.op('exp', [x], {});
        b.output('curve', curve);
        return b.op('mul', [b.op('reduce_sum', [curve], { axes: [0], keepDims: true }), x], {});
      }),
    );
    expect(plan.values.get('x')).not.toBe(plan.values.get('exp'));
  });

  test('workspaces live during their node only', () => {
    const fused = optimizeGraph(
      graphOf((b) =>
        b.op(
          'reduce_sum',
          [b.op('matmul', [b.input('x', 'f32', [4, 4]), b.constant(f32([4, 4]))], { transA: false, transB: false })],
          { axes: [0], keepDims: false },
        ),
      ),
    );
    const plan = planMemory(fused, new Map(fused.nodes.map((node) => [node.name, [1000]])));
    expect(fused.nodes).toHaveLength(2);
    const [first, second] = fused.nodes.map((node) => plan.temps.get(node.name)?.[0]);
    expect(first).toBe(second);
  });
});
