import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../../compiler/graph-passes/canonicalize/index.ts';
import { chooseLayout } from '../../../compiler/graph-passes/choose-layout.ts';
import { foldConstants } from '../../../compiler/graph-passes/fold-constants.ts';
import { moveTransposes } from '../../../compiler/graph-passes/move-transposes/index.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { convolution, f32, graphOf, opsOf, silu } from './graphs.ts';

/** Runs the layout passes, checks the result, and gives the graph. */
function laidOut(build: (builder: GraphBuilder, x: Value) => Value, shape: readonly number[] = [1, 4, 6, 8]): Graph {
  const before = graphOf((b) => build(b, b.input('x', 'f32', shape)));
  const after = canonicalize(foldConstants(moveTransposes(chooseLayout(before))));
  verifyGraph(after);
  const inputs = { x: f32(shape) };
  expect(interpretGraph(after, inputs)).toEqual(interpretGraph(before, inputs));
  return after;
}

const transposes = (graph: Graph): number => opsOf(graph).filter((op) => op === 'transpose').length;

describe('between convolutions no transpose is left: only at the interface', () => {
  test('activation, residual, padding', () => {
    const graph = laidOut((b, x) => {
      const first = silu(b, convolution(b, x, 4, { kernel: 3 }));
      return b.op('add', [first, silu(b, convolution(b, first, 4, { kernel: 3 }))], {});
    });
    expect(transposes(graph)).toBe(2);
    expect(graph.nodes.flatMap((node) => (node.op === 'conv' ? [node.attrs.channels] : []))).toEqual(['last', 'last']);
  });

  test('concat, pooling, slices', () => {
    const graph = laidOut((b, x) => {
      const first = convolution(b, x, 4);
      const pooled = b.op('window_max', [first], {
        window: [1, 1, 2, 2],
        strides: [1, 1, 1, 1],
        dilations: [1, 1, 1, 1],
      });
      const cut = b.op('slice', [first], { starts: [0, 0, 1, 1], sizes: [1, 4, 5, 7], steps: [1, 1, 1, 1] });
      return convolution(b, b.op('concat', [pooled, cut], { axis: 1 }), 2);
    });
    expect(transposes(graph)).toBe(2);
  });

  test('squeeze and excitation: a global sum, convolutions of one pixel, a gate', () => {
    const graph = laidOut((b, x) => {
      const features = convolution(b, x, 8);
      const pooled = b.op('reduce_sum', [features], { axes: [2, 3], keepDims: true });
      const gate = convolution(b, b.op('max', [convolution(b, pooled, 2), b.constant(f32([], [0]))], {}), 8);
      return convolution(b, b.op('mul', [features, gate], {}), 4);
    });
    expect(transposes(graph)).toBe(2);
    expect(opsOf(graph)).not.toContain('reshape');
  });

  test('upsampling by gathers and by reshape and broadcast', () => {
    const graph = laidOut((b, x) => {
      const features = convolution(b, x, 4);
      const split = b.op('reshape', [features], { shape: [1, 4, 6, 1, 8, 1] });
      const repeated = b.op('broadcast_to', [split], { shape: [1, 4, 6, 2, 8, 2] });
      const larger = b.op('reshape', [repeated], { shape: [1, 4, 12, 16] });
      const indices = b.constant({ dtype: 'i64', shape: [6], data: new BigInt64Array(6) });
      return convolution(b, b.op('gather', [larger, indices], { axis: 2 }), 2);
    });
    expect(transposes(graph)).toBe(2);
  });

  test('a head that turns pixels into rows needs none at the end', () => {
    const graph = laidOut((b, x) => {
      const flat = b.op('reshape', [convolution(b, x, 4)], { shape: [1, 4, 48] });
      return b.op('transpose', [flat], { perm: [0, 2, 1] });
    });
    expect(opsOf(graph)).toEqual(['transpose', 'conv', 'add', 'reshape']);
  });

  test('a shuffle of channels costs one transpose', () => {
    const graph = laidOut((b, x) => {
      const split = b.op('reshape', [convolution(b, x, 4)], { shape: [1, 2, 2, 6, 8] });
      const shuffled = b.op('transpose', [split], { perm: [0, 2, 1, 3, 4] });
      return convolution(b, b.op('reshape', [shuffled], { shape: [1, 4, 6, 8] }), 4);
    });
    expect(transposes(graph)).toBe(3);
  });
});

describe('other transposes', () => {
  test('of the last two axes is part of a matmul', () => {
    const graph = laidOut(
      (b, x) => b.op('matmul', [x, b.op('transpose', [x], { perm: [1, 0] })], { transA: false, transB: false }),
      [3, 4],
    );
    expect(graph.nodes).toMatchObject([{ op: 'matmul', attrs: { transA: false, transB: true } }]);
  });

  test('stands before a reduction over rows, so that it runs along memory', () => {
    const graph = laidOut(
      (b, x) => {
        const rows = b.op('transpose', [x], { perm: [0, 2, 1] });
        const mean = b.op('reduce_sum', [rows], { axes: [2], keepDims: true });
        return b.op('sub', [rows, mean], {});
      },
      [2, 3, 4],
    );
    expect(opsOf(graph)).toEqual(['transpose', 'reduce_sum', 'sub']);
  });

  test('goes back over a pad', () => {
    const graph = laidOut((b, x) => convolution(b, x, 2, { kernel: 3 }));
    expect(opsOf(graph)).toEqual(['transpose', 'pad', 'conv', 'add', 'transpose']);
  });
});
