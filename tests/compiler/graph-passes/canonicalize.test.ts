import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../../compiler/graph-passes/canonicalize/index.ts';
import { symbolDim } from '../../../ir/dim.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { f32, graphOf, i64, opsOf } from './graphs.ts';

const x = (builder: GraphBuilder): Value => builder.input('x', 'f32', [2, 3, 4]);
const after = (build: (builder: GraphBuilder) => Value): readonly string[] => opsOf(canonicalize(graphOf(build)));
const number = (builder: GraphBuilder, value: number): Value => builder.constant(f32([], [value]));

describe('what changes nothing is removed', () => {
  test.each<[string, (b: GraphBuilder) => Value]>([
    ['x · 1', (b) => b.op('mul', [x(b), number(b, 1)], {})],
    ['1 · x', (b) => b.op('mul', [number(b, 1), x(b)], {})],
    ['x / 1', (b) => b.op('div', [x(b), number(b, 1)], {})],
    ['x - 0', (b) => b.op('sub', [x(b), number(b, 0)], {})],
    ['x + -0', (b) => b.op('add', [x(b), number(b, -0)], {})],
    ['pow(x, 1)', (b) => b.op('pow', [x(b), number(b, 1)], {})],
    ['-(-x)', (b) => b.op('neg', [b.op('neg', [x(b)], {})], {})],
    ['reshape to the same shape', (b) => b.op('reshape', [x(b)], { shape: [2, 3, 4] })],
    [
      'reshape there and back',
      (b) => b.op('reshape', [b.op('reshape', [x(b)], { shape: [24] })], { shape: [2, 3, 4] }),
    ],
    ['the identity transpose', (b) => b.op('transpose', [x(b)], { perm: [0, 1, 2] })],
    [
      'a transpose and its inverse',
      (b) => b.op('transpose', [b.op('transpose', [x(b)], { perm: [1, 2, 0] })], { perm: [2, 0, 1] }),
    ],
    ['a whole slice', (b) => b.op('slice', [x(b)], { starts: [0, 0, 0], sizes: [2, 3, 4], steps: [1, 1, 1] })],
    ['a pad of nothing', (b) => b.op('pad', [x(b)], { before: [0, 0, 0], after: [0, 0, 0], mode: 'edge' })],
    ['a cast to the same dtype', (b) => b.op('cast', [x(b)], { to: 'f32' })],
    ['a cast to f64 and back', (b) => b.op('cast', [b.op('cast', [x(b)], { to: 'f64' })], { to: 'f32' })],
    ['concat of one', (b) => b.op('concat', [x(b)], { axis: 1 })],
    ['broadcast to the same shape', (b) => b.op('broadcast_to', [x(b)], { shape: [2, 3, 4] })],
  ])('%s', (_, build) => {
    expect(after(build)).toEqual([]);
  });

  test('pieces that are put together again', () => {
    const ops = after((b) => {
      const input = x(b);
      const piece = (start: number, size: number): Value =>
        b.op('slice', [input], { starts: [0, start, 0], sizes: [2, size, 4], steps: [1, 1, 1] });
      return b.op('concat', [piece(0, 1), piece(1, 2)], { axis: 1 });
    });
    expect(ops).toEqual([]);
  });
});

describe('what changes something stays', () => {
  test.each<[string, readonly string[], (b: GraphBuilder) => Value]>([
    ['x + 0 turns -0 into 0', ['add'], (b) => b.op('add', [x(b), number(b, 0)], {})],
    [
      'x · 1 that broadcasts x',
      ['mul'],
      (b) => b.op('mul', [b.input('x', 'f32', [4]), b.constant(f32([3, 4], [1]))], {}),
    ],
    ['pow(x, 0.5) differs from sqrt at -0', ['pow'], (b) => b.op('pow', [x(b), number(b, 0.5)], {})],
    ['x / 3 is no product', ['div'], (b) => b.op('div', [x(b), number(b, 3)], {})],
    ['erf(x / 0) is none either', ['div', 'erf'], (b) => b.op('erf', [b.op('div', [x(b), number(b, 0)], {})], {})],
    [
      'a cast that loses bits',
      ['cast', 'cast'],
      (b) => b.op('cast', [b.op('cast', [x(b)], { to: 'f16' })], { to: 'f32' }),
    ],
    [
      'a sum over an axis of 1',
      ['reduce_sum'],
      (b) => b.op('reduce_sum', [b.input('x', 'f32', [2, 1])], { axes: [1], keepDims: true }),
    ],
  ])('%s', (_, ops, build) => {
    expect(after(build)).toEqual(ops);
  });
});

describe('the cheaper form is chosen', () => {
  test.each<[string, readonly string[], (b: GraphBuilder) => Value]>([
    ['x / 4 → x · 0.25', ['mul'], (b) => b.op('div', [x(b), number(b, 4)], {})],
    ['erf(x / 3) → erf(x · (1/3))', ['mul', 'erf'], (b) => b.op('erf', [b.op('div', [x(b), number(b, 3)], {})], {})],
    [
      'tanh(x / 3) → tanh(x · (1/3))',
      ['mul', 'tanh'],
      (b) => b.op('tanh', [b.op('div', [x(b), number(b, 3)], {})], {}),
    ],
    ['pow(x, 2) → x · x', ['mul'], (b) => b.op('pow', [x(b), number(b, 2)], {})],
    [
      'a transpose of axes of 1 → reshape',
      ['reshape'],
      (b) => b.op('transpose', [b.input('x', 'f32', [1, 5, 1])], { perm: [1, 2, 0] }),
    ],
    ['gather of a range → slice', ['slice'], (b) => b.op('gather', [x(b), b.constant(i64([2], [2, 1]))], { axis: 1 })],
    [
      'gather of one place → slice, reshape',
      ['slice', 'reshape'],
      (b) => b.op('gather', [x(b), b.constant(i64([], [-1]))], { axis: 1 }),
    ],
    [
      'a reduction and a reshape → keepDims',
      ['reduce_sum'],
      (b) => b.op('reshape', [b.op('reduce_sum', [x(b)], { axes: [2], keepDims: false })], { shape: [2, 3, 1] }),
    ],
    [
      'an operand that is broadcast anyway',
      ['add'],
      (b) => b.op('add', [x(b), b.op('broadcast_to', [b.input('z', 'f32', [4])], { shape: [2, 3, 4] })], {}),
    ],
  ])('%s', (_, ops, build) => {
    expect(after(build)).toEqual(ops);
  });

  test('slices of slices are one', () => {
    const graph = graphOf((b) => {
      const outer = b.op('slice', [b.input('x', 'f32', [20])], { starts: [18], sizes: [6], steps: [-3] });
      return b.op('slice', [outer], { starts: [1], sizes: [3], steps: [2] });
    });
    const data = { dtype: 'f32', shape: [20], data: Float32Array.from({ length: 20 }, (_, i) => i) } as const;
    const simpler = canonicalize(graph);
    expect(opsOf(simpler)).toEqual(['slice']);
    expect([...(interpretGraph(simpler, { x: data })['y']?.data ?? [])]).toEqual([15, 9, 3]);
  });
});

test('symbolic shapes go through', () => {
  const ops = after((b) => {
    const input = b.input('x', 'f32', [symbolDim('batch'), 4]);
    const same = b.op('reshape', [input], { shape: [symbolDim('batch'), 4] });
    return b.op('transpose', [b.op('transpose', [same], { perm: [1, 0] })], { perm: [1, 0] });
  });
  expect(ops).toEqual([]);
});

test('a graph that is canonical already is the same object', () => {
  const graph = graphOf((b) => b.op('exp', [x(b)], {}));
  expect(canonicalize(graph)).toBe(graph);
});
