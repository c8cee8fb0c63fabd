import { describe, expect, test } from 'vitest';
import { addDims, scaleDim, symbolDim } from '../../../ir/dim.ts';
import { CompilerError } from '../../../ir/errors.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { counting, f32, tensor } from './tensors.ts';

const n = symbolDim('n');

/** Scales a [n, 2] by the column sums of a [2*n, 2]. */
function example() {
  const builder = new GraphBuilder('g');
  const x = builder.input('x', 'f32', [n, 2]);
  const y = builder.input('y', 'f32', [scaleDim(n, 2), 2]);
  const sums = builder.op('reduce_sum', [y], { axes: [0], keepDims: false });
  builder.output('scaled', builder.op('mul', [x, sums], {}));
  builder.output('rows', builder.op('iota', [], { shape: [addDims(n, 1)], axis: 0, dtype: 'i64' }));
  return builder.finish();
}

describe('interpretGraph', () => {
  test('gives outputs by name, with the symbols that the inputs tell', () => {
    expect(interpretGraph(example(), { x: counting([1, 2]), y: counting([2, 2]) })).toEqual({
      scaled: f32([1, 2], [0, 4]),
      rows: tensor('i64', [2], [0, 1]),
    });
  });

  test('says which input does not fit', () => {
    const graph = example();
    const [x, y] = [counting([1, 2]), counting([2, 2])];
    const running = (inputs: Parameters<typeof interpretGraph>[1]) => () => interpretGraph(graph, inputs);
    expect(running({ x })).toThrow(new CompilerError('graph g, input y: missing'));
    expect(running({ x, y, z: x })).toThrow('graph g has no input z');
    expect(running({ x: counting([1, 2], 'i32'), y })).toThrow('graph g, input x: dtype i32, expected f32');
    expect(running({ x: counting([2]), y })).toThrow('graph g, input x: shape [2], expected [n, 2]');
    expect(running({ x, y: counting([4, 2]) })).toThrow('input y: shape [4, 2], expected [2*n, 2] where n = 1');
    expect(running({ x: { ...x, shape: [2, 2] }, y })).toThrow('graph g, input x: 2 elements, but shape [2, 2]');
  });

  test('says where an index is wrong', () => {
    const builder = new GraphBuilder('g');
    const [x, i] = [builder.input('x', 'f32', [2]), builder.input('i', 'i64', [1])];
    builder.output('y', builder.op('gather', [x, i], { axis: 0 }, 'pick'));
    expect(() => interpretGraph(builder.finish(), { x: counting([2]), i: tensor('i64', [1], [5]) })).toThrow(
      'graph g, node pick (gather): index 5 lies outside of an axis whose size is 2',
    );
  });

  test('refuses what fits for other values of a symbol only', () => {
    const builder = new GraphBuilder('g');
    const x = builder.input('x', 'f32', [n]);
    builder.output('y', builder.op('slice', [x], { starts: [2], sizes: [1], steps: [1] }));
    const graph = builder.finish();
    expect(interpretGraph(graph, { x: counting([3]) })).toEqual({ y: f32([1], [2]) });
    expect(() => interpretGraph(graph, { x: counting([2]) })).toThrow(
      'graph g, node slice (slice): index 2 lies outside of axis 0, whose size is 2',
    );
  });

  test('refuses a node whose type is not what its operator gives', () => {
    const outputs = [{ name: 'y', type: { dtype: 'f32', shape: [3] } }] as const;
    const graph: Graph = {
      name: 'g',
      inputs: [{ name: 'x', type: { dtype: 'f32', shape: [2] } }],
      constants: [],
      nodes: [{ op: 'neg', name: 'a', inputs: ['x'], attrs: {}, outputs }],
      outputs: [{ name: 'y', value: 'y' }],
    };
    expect(() => interpretGraph(graph, { x: counting([2]) })).toThrow(
      'graph g, node a (neg): %y is f32[3], but the operator gives f32[2]',
    );
  });

  test('refuses a symbol that no input tells', () => {
    const builder = new GraphBuilder('g');
    builder.output('y', builder.op('iota', [], { shape: [n], axis: 0, dtype: 'i32' }));
    expect(() => interpretGraph(builder.finish(), {})).toThrow('graph g: no input tells n in the shape [n] of %iota');
  });
});
