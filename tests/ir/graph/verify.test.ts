import { describe, expect, test } from 'vitest';
import { VerifyError } from '../../../ir/errors.ts';
import type { Graph, Node, Value } from '../../../ir/graph/graph.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { buffer, load, store } from '../../../ir/tensor/build.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { f32 } from './tensors.ts';

const value = (name: string, shape: readonly number[] = [2]): Value => ({ name, type: { dtype: 'f32', shape } });
const add = (name: string, inputs: readonly string[], output = name): Node => ({
  op: 'add',
  name,
  inputs,
  attrs: {},
  outputs: [value(output)],
});
const graph = (nodes: readonly Node[], parts: Partial<Graph> = {}): Graph => ({
  name: 'g',
  inputs: [value('x')],
  constants: [],
  nodes,
  outputs: [{ name: 'y', value: nodes.at(-1)?.outputs[0]?.name ?? 'x' }],
  ...parts,
});
const verifying = (wrong: Graph) => () => {
  verifyGraph(wrong);
};

describe('verifyGraph', () => {
  test('accepts a well-formed graph', () => {
    expect(verifying(graph([add('a', ['x', 'x']), add('b', ['a', 'x'])]))).not.toThrow();
    expect(verifying(graph([]))).not.toThrow();
  });

  test('wants names of their own', () => {
    expect(verifying(graph([add('a', ['x', 'x'], 'x')]))).toThrow(
      new VerifyError('graph g, node a (add)', 'value %x is defined twice'),
    );
    expect(verifying(graph([add('a', ['x', 'x']), add('a', ['x', 'x'], 'b')]))).toThrow('two nodes have the name a');
    const outputs = [
      { name: 'y', value: 'x' },
      { name: 'y', value: 'x' },
    ];
    expect(verifying(graph([], { outputs }))).toThrow('graph g: two outputs have the name y');
  });

  test('wants values that are defined before', () => {
    expect(verifying(graph([add('a', ['x', 'q'])]))).toThrow('graph g, node a (add): reads %q, which is not defined');
    expect(verifying(graph([add('b', ['a', 'x']), add('a', ['x', 'x'])]))).toThrow(
      'graph g, node b (add): reads %a, which node a gives only later',
    );
    expect(verifying(graph([], { outputs: [{ name: 'y', value: 'q' }] }))).toThrow('output y gives %q');
  });

  test('reports a cycle as one', () => {
    const nodes = [add('a', ['x', 'c']), add('b', ['a', 'x']), add('c', ['b', 'x']), add('d', ['c', 'x'])];
    expect(verifying(graph(nodes))).toThrow(
      /^graph g: nodes form a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)$/,
    );
    expect(verifying(graph([add('a', ['a', 'x'])]))).toThrow('nodes form a cycle: a -> a');
  });

  test('wants the types that operators infer', () => {
    const wide: Node = { op: 'neg', name: 'a', inputs: ['x'], attrs: {}, outputs: [value('a', [3])] };
    expect(verifying(graph([wide]))).toThrow('graph g, node a (neg): %a is f32[3], expected f32[2]');
    const none: Node = { op: 'neg', name: 'a', inputs: ['x'], attrs: {}, outputs: [] };
    expect(verifying(graph([none]))).toThrow('has 0 results, expected 1');
    expect(verifying(graph([add('a', ['x'])]))).toThrow('graph g, node a (add): takes 2 operands, has 1');
  });

  test('wants sizes that are sizes and constants that fill their shape', () => {
    expect(verifying(graph([], { inputs: [value('x', [-1])] }))).toThrow('graph g, value %x: a size of -1');
    const constants = [{ name: 'c', data: f32([3], [1, 2]) }];
    expect(verifying(graph([], { constants }))).toThrow('constant %c holds 2 elements, but has shape [3]');
  });

  test('looks into fused groups and functions', () => {
    const body = { ...graph([add('a', ['x', 'q'])]), name: 'body' };
    const fused: Node = { op: 'fused', name: 'f', inputs: ['x'], attrs: { body }, outputs: [value('f')] };
    expect(verifying(graph([fused]))).toThrow('graph g, node f (fused): graph body, node a (add): reads %q');
    const [x, y] = [buffer('x', 'f32', [2]), buffer('y', 'f32', [2])];
    const func: TensorFunc = {
      name: 'k',
      sizes: [],
      inputs: [x],
      outputs: [y],
      temps: [],
      body: store(y, [], load(x, [])),
    };
    const call: Node = { op: 'call_tir', name: 'c', inputs: ['x'], attrs: { func }, outputs: [value('c')] };
    expect(verifying(graph([call]))).toThrow(/^graph g, node c \(call_tir\): k/);
  });
});
