import { expect, test } from 'vitest';
import { narrowIntegers } from '../../../compiler/graph-passes/narrow-integers/index.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { f32, graphOf, i64, opsOf } from './graphs.ts';

const dtypesOf = (graph: ReturnType<typeof narrowIntegers>) =>
  graph.nodes.map((node) => [node.op, node.outputs[0]?.type.dtype]);

test('indices that are an input are cast where they are used', () => {
  const graph = narrowIntegers(
    graphOf((b) => b.op('gather', [b.constant(f32([9, 4])), b.input('ids', 'i64', [3])], { axis: 0 })),
  );
  verifyGraph(graph);
  expect(dtypesOf(graph)).toEqual([
    ['cast', 'i32'],
    ['gather', 'f32'],
  ]);
  expect(graph.inputs[0]?.type.dtype).toBe('i64');
});

test('a causal mask is computed in 32 bits', () => {
  const graph = narrowIntegers(
    graphOf((b) => {
      const row = b.op('iota', [], { shape: [4, 1], axis: 0, dtype: 'i64' });
      const column = b.op('iota', [], { shape: [1, 4], axis: 1, dtype: 'i64' });
      return b.op('le', [column, b.op('add', [row, b.constant(i64([], [1]))], {})], {});
    }),
  );
  verifyGraph(graph);
  expect(dtypesOf(graph)).toEqual([
    ['iota', 'i32'],
    ['iota', 'i32'],
    ['add', 'i32'],
    ['le', 'bool'],
  ]);
});

test('the interface keeps its dtypes', () => {
  const graph = narrowIntegers(
    graphOf((b) => {
      const best = b.op('argmax', [b.input('x', 'f32', [2, 5])], { axis: 1, keepDims: false, selectLast: false });
      return b.op('add', [best, b.constant(i64([], [1]))], {});
    }),
  );
  verifyGraph(graph);
  expect(dtypesOf(graph).at(-1)).toEqual(['cast', 'i64']);
});

test('the largest of no integers is the least that there is, in 64 bits', () => {
  const graph = graphOf((b) => {
    const wide = b.op('cast', [b.input('x', 'i32', [3, 0])], { to: 'i64' });
    return b.op('reduce_max', [wide], { axes: [1], keepDims: false });
  });
  const inputs = { x: { dtype: 'i32', shape: [3, 0], data: new Int32Array(0) } } as const;
  expect(interpretGraph(narrowIntegers(graph), inputs)).toEqual(interpretGraph(graph, inputs));
});

test('what may not fit is left alone', () => {
  const graph = graphOf((b) => {
    const index = b.op('iota', [], { shape: [4], axis: 0, dtype: 'i32' });
    const wide = b.op('cast', [index], { to: 'i64' });
    const product = b.op('mul', [wide, b.constant(i64([], [2 ** 30]))], {});
    return b.op('add', [product, b.input('x', 'i64', [4])], {});
  });
  expect(opsOf(narrowIntegers(graph))).toEqual(['iota', 'cast', 'mul', 'add']);
});
