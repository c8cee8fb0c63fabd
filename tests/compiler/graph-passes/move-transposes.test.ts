import { expect, test } from 'vitest';
import { moveTransposes } from '../../../compiler/graph-passes/move-transposes/index.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import { producers } from '../../../ir/graph/edit.ts';
import type { Value } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { f32, graphOf, i64 } from './graphs.ts';

const permutations = (items: readonly number[]): readonly (readonly number[])[] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));

const ones = [1, 1, 1, 1];
const moved: readonly [string, (b: GraphBuilder, x: Value) => Value][] = [
  ['exp', (b, x) => b.op('round', [b.op('exp', [x], {})], {})],
  ['add', (b, x) => b.op('add', [x, b.constant(f32(x.type.shape.slice(1) as number[]))], {})],
  [
    'select',
    (b, x) => b.op('select', [b.op('lt', [x, b.constant(f32([], [0]))], {}), x, b.constant(f32([], [9]))], {}),
  ],
  ['reduce_sum', (b, x) => b.op('reduce_sum', [x], { axes: [1], keepDims: false })],
  ['reduce_max', (b, x) => b.op('reduce_max', [x], { axes: [1, 2], keepDims: true })],
  ['argmax', (b, x) => b.op('argmax', [x], { axis: 1, keepDims: false, selectLast: true })],
  ['cumsum', (b, x) => b.op('cumsum', [x], { axis: 2, exclusive: true, reverse: false })],
  ['topk', (b, x) => b.ops('topk', [x], { axis: 1, k: 2, largest: true })[1] as Value],
  ['concat', (b, x) => b.op('concat', [x, b.op('neg', [x], {})], { axis: 2 })],
  ['slice', (b, x) => b.op('slice', [x], { starts: [1, 0, 1, 0], sizes: [1, 2, 1, 2], steps: [1, 1, -1, 1] })],
  ['pad', (b, x) => b.op('pad', [x], { before: [0, 1, 0, 1], after: [1, 0, 0, 1], mode: 'edge' })],
  ['window_max', (b, x) => b.op('window_max', [x], { window: [1, 2, 1, 2], strides: [1, 1, 2, 1], dilations: ones })],
  ['gather', (b, x) => b.op('gather', [x, b.constant(i64([2, 2], [1, 0, -1, 1]))], { axis: 1 })],
  ['gather', (b, x) => b.op('gather', [x, b.constant(i64([], [1]))], { axis: 2 })],
  ['broadcast_to', (b, x) => b.op('broadcast_to', [x], { shape: [2, ...(x.type.shape as number[])] })],
];

test.each(permutations([0, 1, 2, 3]).slice(1))('a transpose by %i %i %i %i moves through every operator', (...perm) => {
  const reading: string[] = [];
  for (const [op, build] of moved) {
    const graph = graphOf((b) => build(b, b.op('transpose', [b.input('x', 'f32', [2, 3, 4, 5])], { perm })));
    const after = moveTransposes(graph);
    verifyGraph(after);
    const inputs = { x: f32([2, 3, 4, 5]) };
    expect(interpretGraph(after, inputs)).toEqual(interpretGraph(graph, inputs));
    const operand = after.nodes.find((node) => node.op === op)?.inputs[0] ?? '';
    if (producers(after).get(operand)?.op === 'transpose') reading.push(op);
  }
  // Over a pad it goes back: the pad's operand is smaller.
  expect(reading).toEqual(['pad']);
});

test('a pad that something else reads is not computed twice', () => {
  const graph = graphOf((b) => {
    const padded = b.op('pad', [b.input('x', 'f32', [2, 3])], { before: [1, 0], after: [0, 0], mode: 'edge' });
    b.output('padded', padded);
    return b.op('transpose', [padded], { perm: [1, 0] });
  });
  expect(moveTransposes(graph)).toBe(graph);
});
