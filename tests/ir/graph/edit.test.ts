import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import { producers, replaceValues, users, valueTypes } from '../../../ir/graph/edit.ts';
import { f32 } from './tensors.ts';

function example() {
  const builder = new GraphBuilder('g');
  const x = builder.input('x', 'f32', [1]);
  const c = builder.constant(f32([], [2]), 'c');
  const a = builder.op('add', [x, x], {}, 'a');
  const b = builder.op('mul', [a, c], {}, 'b');
  builder.output('y', builder.op('sub', [b, a], {}, 'd'));
  return builder.finish();
}

describe('helpers for passes', () => {
  test('users lists each reader once, in order', () => {
    const found = users(example());
    expect([...found].map(([name, nodes]) => [name, nodes.map((node) => node.name)])).toEqual([
      ['x', ['a']],
      ['a', ['b', 'd']],
      ['c', ['b']],
      ['b', ['d']],
    ]);
  });

  test('producers and valueTypes know every value', () => {
    const graph = example();
    expect([...producers(graph).keys()]).toEqual(['a', 'b', 'd']);
    expect([...valueTypes(graph).keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'x']);
    expect(valueTypes(graph).get('c')).toEqual({ dtype: 'f32', shape: [] });
  });

  test('replaceValues follows chains and keeps untouched nodes', () => {
    const graph = example();
    const replaced = replaceValues(
      graph,
      new Map([
        ['d', 'b'],
        ['b', 'a'],
      ]),
    );
    expect(replaced.outputs).toEqual([{ name: 'y', value: 'a' }]);
    expect(replaced.nodes[2]?.inputs).toEqual(['a', 'a']);
    expect(replaced.nodes[1]).toBe(graph.nodes[1]);
    expect(replaceValues(graph, new Map())).toBe(graph);
  });
});
