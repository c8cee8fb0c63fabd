import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { UnsupportedError, VerifyError } from '../../../ir/errors.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { counting, f32 } from './tensors.ts';

describe('GraphBuilder', () => {
  test('builds a graph that verifies', () => {
    const builder = new GraphBuilder('dense');
    const x = builder.input('x', 'f32', [symbolDim('batch'), 4]);
    const w = builder.constant(counting([4, 2]), 'w');
    const y = builder.op('tanh', [builder.op('matmul', [x, w], { transA: false, transB: false })], {});
    builder.output('y', y);
    const graph = builder.finish();
    verifyGraph(graph);
    expect(y.type).toEqual({ dtype: 'f32', shape: [symbolDim('batch'), 2] });
    expect(graph.nodes.map(({ name }) => name)).toEqual(['matmul', 'tanh']);
    expect(graph.outputs).toEqual([{ name: 'y', value: 'tanh' }]);
  });

  test('invents names that are not taken', () => {
    const builder = new GraphBuilder('names');
    const x = builder.input('neg_1', 'f32', [2]);
    const names = [1, 2, 3].map(() => builder.op('neg', [x], {}).name);
    expect(names).toEqual(['neg', 'neg_2', 'neg_3']);
    const constants = [builder.constant(f32([], [0])), builder.constant(f32([], [1]))];
    expect(constants.map(({ name }) => name)).toEqual(['constant', 'constant_1']);
    const parts = builder.ops('topk', [x], { axis: 0, k: 1, largest: true }, 'best');
    expect(parts.map(({ name }) => name)).toEqual(['best.0', 'best.1']);
    verifyGraph(builder.finish());
  });

  test('refuses what does not fit, and names the node', () => {
    const builder = new GraphBuilder('g');
    const x = builder.input('x', 'f32', [2, 3]);
    const y = builder.input('y', 'f32', [4]);
    expect(() => builder.op('add', [x, y], {}, 'sum')).toThrow(
      new VerifyError('graph g, node sum (add)', 'shapes [2, 3] and [4] do not broadcast'),
    );
    expect(() => builder.input('x', 'f32', [])).toThrow('graph g: input %x is already defined');
    expect(() => builder.op('topk', [y], { axis: 0, k: 1, largest: true })).toThrow('use ops');
    builder.output('out', x);
    expect(() => builder.output('out', y)).toThrow('graph g: output out is already given');
  });

  test('refuses values of another graph', () => {
    const other = new GraphBuilder('other').input('x', 'f32', []);
    const builder = new GraphBuilder('g');
    builder.input('x', 'f32', []);
    expect(() => builder.op('neg', [other], {})).toThrow('graph g, node neg (neg): %x is no value of this graph');
    expect(() => builder.output('y', other)).toThrow('%x is no value of this graph');
  });

  test('keeps what is unsupported apart from what is wrong', () => {
    const builder = new GraphBuilder('g');
    const x = builder.input('x', 'f32', [symbolDim('n')]);
    const attrs = { window: [3], strides: [2], dilations: [1] };
    expect(() => builder.op('window_max', [x], attrs)).toThrow(UnsupportedError);
    expect(() => builder.op('window_max', [x], attrs)).toThrow(
      'graph g, node window_max (window_max): a symbolic number',
    );
  });
});
