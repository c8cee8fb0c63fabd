import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldConstants } from '../../../compiler/graph-passes/fold-constants.ts';
import { foldScaleIntoConv } from '../../../compiler/graph-passes/fold-scale-into-conv.ts';
import { mergeCommonSubexpressions } from '../../../compiler/graph-passes/merge-common-subexpressions.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { f32, graphOf, i64, opsOf } from './graphs.ts';

describe('fold-constants', () => {
  test('computes what depends on constants only', () => {
    const graph = foldConstants(
      graphOf((b) => {
        const shape = b.op('add', [b.constant(i64([2], [1, 2])), b.constant(i64([2], [3, 4]))], {});
        return b.op('mul', [b.input('x', 'i64', [2]), b.op('neg', [shape], {})], {});
      }),
    );
    expect(opsOf(graph)).toEqual(['mul']);
    expect(graph.constants.map(({ data }) => [...data.data])).toEqual([[-4n, -6n]]);
  });

  test('leaves what would swell the artifact', () => {
    const graph = graphOf((b) => {
      const large = b.op('broadcast_to', [b.constant(f32([], [1]))], { shape: [3000, 3000] });
      const indices = b.op('iota', [], { shape: [1 << 20], axis: 0, dtype: 'i32' });
      b.output('indices', indices);
      return large;
    });
    expect(foldConstants(graph)).toBe(graph);
  });
});

describe('merge-common-subexpressions', () => {
  test('keeps one of equal nodes and of equal constants', () => {
    const graph = mergeCommonSubexpressions(
      graphOf((b) => {
        const x = b.input('x', 'f32', [4]);
        const sums = [0, 1].map(() => b.op('add', [x, b.constant(f32([4]))], {}));
        return b.op('mul', sums, {});
      }),
    );
    expect(opsOf(graph)).toEqual(['add', 'mul']);
    expect(graph.constants).toHaveLength(1);
  });

  test('tells -0 from 0', () => {
    const graph = mergeCommonSubexpressions(
      graphOf((b) => {
        const x = b.input('x', 'f32', [1]);
        const [a, c] = [0, -0].map((zero) => b.op('add', [x, b.constant(f32([1], [zero]))], {})) as [Value, Value];
        return b.op('div', [a, c], {});
      }),
    );
    expect(opsOf(graph)).toEqual(['add', 'add', 'div']);
  });
});

describe('fold-scale-into-conv', () => {
  const conv = (b: GraphBuilder, x: Value, channels: 'first' | 'last' = 'first'): Value =>
    b.op('conv', [x, b.constant(f32([3, 2, 2, 2]))], { strides: [1, 1], dilations: [1, 1], groups: 1, channels });

  test('what BatchNormalization leaves becomes weights and one bias', () => {
    const graph = foldScaleIntoConv(
      graphOf((b) => {
        const product = conv(b, b.input('x', 'f32', [1, 2, 4, 4]));
        const biased = b.op('add', [product, b.constant(f32([1, 3, 1, 1]))], {});
        const centred = b.op('sub', [biased, b.constant(f32([3, 1, 1], [0.5, 1, 2]))], {});
        const scaled = b.op('mul', [centred, b.constant(f32([3, 1, 1], [2, 3, 4]))], {});
        return b.op('add', [scaled, b.constant(f32([3, 1, 1], [1]))], {});
      }),
    );
    expect(opsOf(graph)).toEqual(['conv', 'add']);
  });

  test('a convolution that something else reads is left alone', () => {
    const graph = graphOf((b) => {
      const product = conv(b, b.input('x', 'f32', [1, 2, 4, 4]));
      b.output('product', product);
      return b.op('mul', [product, b.constant(f32([], [3]))], {});
    });
    expect(foldScaleIntoConv(graph)).toBe(graph);
  });

  test('a scale that is not one a channel is left alone', () => {
    const graph = graphOf((b) => {
      const product = conv(b, b.input('x', 'f32', [1, 2, 4, 4]));
      return b.op('mul', [product, b.constant(f32([3]))], {});
    });
    expect(foldScaleIntoConv(graph)).toBe(graph);
  });

  test('keeps the result, for convolutions and matmuls', () => {
    const step = fc.record({
      op: fc.constantFrom('mul', 'add', 'sub', 'div'),
      swapped: fc.boolean(),
      uniform: fc.boolean(),
      values: fc.array(fc.constantFrom(0.5, 1.5, -2, 3), { minLength: 3, maxLength: 3 }),
    });
    const kind = fc.constantFrom('conv first', 'conv last', 'matmul', 'matmul transB');
    fc.assert(
      fc.property(kind, fc.array(step, { minLength: 1, maxLength: 5 }), (anchor, steps) => {
        const graph = graphOf((b) => {
          let value = anchorOf(b, anchor);
          const shape = anchor === 'conv first' ? [3, 1, 1] : [3];
          for (const { op, swapped, uniform, values } of steps) {
            const constant = b.constant(f32(uniform ? [] : shape, values));
            const operands = swapped && (op === 'mul' || op === 'add') ? [constant, value] : [value, constant];
            value = b.op(op, operands, {});
          }
          return value;
        });
        const folded = foldScaleIntoConv(graph);
        verifyGraph(folded);
        expect(folded.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
        expect(worstDifference(graph, folded)).toBeLessThanOrEqual(1e-4);
      }),
    );
  });

  function anchorOf(b: GraphBuilder, anchor: string): Value {
    if (anchor === 'conv first') return conv(b, b.input('x', 'f32', [1, 2, 4, 4]));
    if (anchor === 'conv last') return conv(b, b.input('x', 'f32', [1, 4, 4, 2]), 'last');
    const transB = anchor === 'matmul transB';
    const weights = b.constant(f32(transB ? [3, 4] : [4, 3]));
    return b.op('matmul', [b.input('x', 'f32', [2, 4]), weights], { transA: false, transB });
  }

  /** Relative to the value, where that is above 1. */
  function worstDifference(before: Graph, after: Graph): number {
    const inputs = { x: f32(before.inputs[0]?.type.shape as number[]) };
    const [a, b] = [before, after].map((graph) => interpretGraph(graph, inputs)['y']?.data as Float32Array);
    return Math.max(
      ...Array.from(a ?? [], (value, i) => Math.abs(value - (b?.[i] ?? Number.NaN)) / Math.max(1, Math.abs(value))),
    );
  }
});
