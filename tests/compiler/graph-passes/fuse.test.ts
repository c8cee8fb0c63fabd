import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuse } from '../../../compiler/graph-passes/fuse/index.ts';
import { between, type Flow, postDominators } from '../../../compiler/graph-passes/fuse/post-dominators.ts';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Value } from '../../../ir/graph/graph.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { arbitraryGraph } from '../../generators/graph.ts';
import { convolution, f32, graphOf, groupsOf, silu } from './graphs.ts';

function fused(build: (builder: GraphBuilder) => Value): readonly (readonly string[])[] {
  const graph = fuse(graphOf(build));
  verifyGraph(graph);
  return groupsOf(graph);
}

const rows = (b: GraphBuilder): Value => b.input('x', 'f32', [4, 6]);
const number = (b: GraphBuilder, value: number): Value => b.constant(f32([], [value]));
const last = { axes: [1], keepDims: true };

describe('one kernel', () => {
  test('a convolution with bias, activation and residual', () => {
    const groups = fused((b) => {
      const x = b.input('x', 'f32', [1, 4, 6, 6]);
      return b.op('add', [x, silu(b, convolution(b, x, 4))], {});
    });
    expect(groups).toEqual([['conv', 'add', 'sigmoid', 'mul', 'add']]);
  });

  test('softmax', () => {
    const groups = fused((b) => {
      const x = b.op('mul', [rows(b), number(b, 0.5)], {});
      const shifted = b.op('sub', [x, b.op('reduce_max', [x], last)], {});
      const curve = b.op('exp', [shifted], {});
      return b.op('div', [curve, b.op('reduce_sum', [curve], last)], {});
    });
    expect(groups).toEqual([['mul', 'reduce_max', 'sub', 'exp', 'reduce_sum', 'div']]);
  });

  test('layer norm with scale and shift', () => {
    const groups = fused((b) => {
      const x = rows(b);
      const sixth = number(b, 1 / 6);
      const mean = b.op('mul', [b.op('reduce_sum', [x], last), sixth], {});
      const centred = b.op('sub', [x, mean], {});
      const squares = b.op('reduce_sum', [b.op('mul', [centred, centred], {})], last);
      const deviation = b.op('sqrt', [b.op('add', [b.op('mul', [squares, sixth], {}), number(b, 1e-5)], {})], {});
      const normal = b.op('div', [centred, deviation], {});
      return b.op('add', [b.op('mul', [normal, b.constant(f32([6]))], {}), b.constant(f32([6]))], {});
    });
    expect(groups).toHaveLength(1);
  });

  test('RMS norm, whose input is read twice', () => {
    const groups = fused((b) => {
      const x = rows(b);
      const squares = b.op('reduce_sum', [b.op('mul', [x, x], {})], last);
      return b.op('div', [x, b.op('sqrt', [b.op('add', [squares, number(b, 1e-5)], {})], {})], {});
    });
    expect(groups).toEqual([['mul', 'reduce_sum', 'add', 'sqrt', 'div']]);
  });

  test('a matmul of a transposed operand, whose rows stay rows', () => {
    const groups = fused((b) => {
      const heads = b.op('transpose', [b.input('q', 'f32', [5, 2, 4])], { perm: [1, 0, 2] });
      const product = b.op('matmul', [heads, b.input('k', 'f32', [2, 4, 3])], { transA: false, transB: false });
      return b.op('mul', [product, number(b, 2)], {});
    });
    expect(groups).toEqual([['transpose', 'matmul', 'mul']]);
  });

  test('slices, what is computed on them, and their concat', () => {
    const groups = fused((b) => {
      const x = rows(b);
      const half = (start: number): Value => b.op('slice', [x], { starts: [0, start], sizes: [4, 3], steps: [1, 1] });
      return b.op('concat', [b.op('neg', [half(3)], {}), half(0)], { axis: 1 });
    });
    expect(groups).toEqual([['slice', 'neg', 'slice', 'concat']]);
  });
});

/** A border around the places of an image with channels first. */
const padded = (b: GraphBuilder, x: Value, fill: Value): Value =>
  b.op('pad', [x, fill], { before: [0, 0, 1, 1], after: [0, 0, 1, 1], mode: 'constant' });

describe('a pad', () => {
  const image = (b: GraphBuilder): Value => b.input('x', 'f32', [1, 4, 6, 6]);

  test('ends the kernel whose result it pads', () => {
    const groups = fused((b) => convolution(b, silu(b, convolution(b, image(b), 4)), 4, { kernel: 3 }));
    expect(groups).toEqual([
      ['conv', 'add', 'sigmoid', 'mul', 'pad'],
      ['conv', 'add'],
    ]);
  });

  test('ends a window, whatever its value and whoever reads it', () => {
    const groups = fused((b) => {
      const attrs = { window: [1, 1, 2, 2], strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1] };
      const border = padded(b, b.op('window_max', [image(b)], attrs), number(b, Number.NEGATIVE_INFINITY));
      return b.op('add', [b.op('window_max', [border], attrs), b.op('window_sum', [border], attrs)], {});
    });
    expect(groups).toEqual([['window_max', 'pad'], ['window_sum'], ['window_max', 'add']]);
  });

  test('stays alone where others read what it pads, or where its value is computed', () => {
    const groups = fused((b) => {
      const product = silu(b, convolution(b, image(b), 4));
      return b.op('concat', [padded(b, product, number(b, 0)), padded(b, product, b.input('v', 'f32', []))], {
        axis: 1,
      });
    });
    expect(groups).toEqual([['conv', 'add', 'sigmoid', 'mul'], ['pad'], ['pad'], ['concat']]);
    const byInput = fused((b) => padded(b, convolution(b, image(b), 4), b.input('v', 'f32', [])));
    expect(byInput).toEqual([['conv', 'add'], ['pad']]);
  });

  test('ends a concat', () => {
    const groups = fused((b) =>
      padded(b, b.op('concat', [silu(b, image(b)), b.input('y', 'f32', [1, 2, 6, 6])], { axis: 1 }), number(b, 0)),
    );
    expect(groups).toEqual([['sigmoid', 'mul', 'concat', 'pad']]);
  });

  test('in another mode reads what is computed, and stays alone', () => {
    const widths = [0, 0, 1, 1];
    const groups = fused((b) =>
      b.op('pad', [convolution(b, image(b), 4)], { before: widths, after: widths, mode: 'edge' }),
    );
    expect(groups).toEqual([['conv', 'add'], ['pad']]);
  });
});

describe('kernels of their own', () => {
  test('two contractions', () => {
    const groups = fused((b) => convolution(b, silu(b, convolution(b, b.input('x', 'f32', [1, 4, 6, 6]), 4)), 4));
    expect(groups).toEqual([
      ['conv', 'add', 'sigmoid', 'mul'],
      ['conv', 'add'],
    ]);
  });

  test('a reshape, which is not run at all', () => {
    const groups = fused((b) => b.op('exp', [b.op('reshape', [b.op('neg', [rows(b)], {})], { shape: [24] })], {}));
    expect(groups).toEqual([['neg'], ['reshape'], ['exp']]);
  });

  test('a value that is an output as well', () => {
    const groups = fused((b) => {
      const curve = b.op('exp', [rows(b)], {});
      b.output('curve', curve);
      return b.op('neg', [curve], {});
    });
    expect(groups).toEqual([['exp'], ['neg']]);
  });

  test('what a broadcast would compute many times', () => {
    const groups = fused((b) => b.op('mul', [rows(b), b.op('exp', [b.input('s', 'f32', [6])], {})], {}));
    expect(groups).toEqual([['exp'], ['mul']]);
  });

  test('a softmax over the first axis is no work on rows', () => {
    const groups = fused((b) => {
      const x = rows(b);
      const curve = b.op('exp', [b.op('sub', [x, b.op('reduce_max', [x], { axes: [0], keepDims: true })], {})], {});
      return b.op('div', [curve, b.op('reduce_sum', [curve], { axes: [0], keepDims: true })], {});
    });
    expect(groups).toEqual([['reduce_max'], ['sub', 'exp'], ['reduce_sum'], ['div']]);
  });

  test('the two paths around a kernel between them are no cycle', () => {
    const groups = fused((b) => {
      const x = rows(b);
      const first = b.op('exp', [x], {});
      const flat = b.op('reshape', [first], { shape: [24] });
      const back = b.op('reshape', [b.op('neg', [flat], {})], { shape: [4, 6] });
      return b.op('add', [first, back], {});
    });
    expect(groups).toEqual([['exp'], ['reshape'], ['neg'], ['reshape'], ['add']]);
  });
});

test('scalars stand in the body, larger constants are operands', () => {
  const graph = fuse(graphOf((b) => b.op('mul', [b.op('add', [rows(b), b.constant(f32([6]))], {}), number(b, 2)], {})));
  const [node] = graph.nodes;
  expect(node?.inputs).toHaveLength(2);
  expect(node?.op === 'fused' && node.attrs.body.constants).toHaveLength(1);
  expect(graph.constants).toHaveLength(1);
});

test('fusing again changes nothing', () => {
  fc.assert(
    fc.property(arbitraryGraph(), ({ graph }) => {
      const once = optimizeGraph(graph);
      expect(fuse(once)).toEqual(once);
    }),
    { numRuns: 30 },
  );
});

test('post-dominators are what cutting a node shows', () => {
  const flows = fc
    .array(fc.tuple(fc.array(fc.nat(20), { maxLength: 3 }), fc.boolean()), { minLength: 1, maxLength: 12 })
    .map(
      (nodes): Flow => ({
        consumers: nodes.map(([next], i) => [
          ...new Set(next.map((step) => i + 1 + step).filter((to) => to < nodes.length)),
        ]),
        leaves: nodes.map(([, leaves]) => leaves),
      }),
    );
  fc.assert(
    fc.property(flows, (flow) => {
      const exit = flow.consumers.length;
      const reachesExit = (from: number, cut: number): boolean => {
        if (from === cut) return false;
        const next = flow.consumers[from] ?? [];
        return flow.leaves[from] || next.length === 0 || next.some((to) => reachesExit(to, cut));
      };
      postDominators(flow).forEach((found, node) => {
        const cutting = Array.from({ length: exit }, (_, cut) => cut).filter(
          (cut) => cut > node && !reachesExit(node, cut),
        );
        expect(found).toBe(cutting[0] ?? exit);
        const inner = found === exit ? [] : [...between(flow, node, found)];
        expect(inner.filter((at) => at <= node || at >= found)).toEqual([]);
      });
    }),
  );
});
