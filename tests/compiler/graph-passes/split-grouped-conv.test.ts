import { describe, expect, test } from 'vitest';
import { splitGroupedConv } from '../../../compiler/graph-passes/split-grouped-conv.ts';
import { randomTensor } from '../../../compiler/io/random-inputs.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import type { ChannelLayout } from '../../../ir/graph/op-attrs.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { randomSource } from '../../../ir/random.ts';

interface Case {
  readonly channels: ChannelLayout;
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
}

function conv({ channels, inputs, outputs, groups }: Case): Graph {
  const graph = new GraphBuilder('grouped');
  const x = graph.input('x', 'f32', channels === 'first' ? [2, inputs, 5, 6] : [2, 5, 6, inputs]);
  const weights = randomTensor({ dtype: 'f32', shape: [outputs, inputs / groups, 2, 3] }, randomSource(1));
  const attrs = { strides: [2, 1], dilations: [1, 2], groups, channels };
  graph.output('y', graph.op('conv', [x, graph.constant(weights, 'w')], attrs, 'conv'));
  return graph.finish();
}

const groupsOf = (graph: Graph): readonly number[] =>
  graph.nodes.flatMap((node) => (node.op === 'conv' ? [node.attrs.groups] : []));

describe('splitGroupedConv', () => {
  test.each<Case>([
    { channels: 'first', inputs: 6, outputs: 8, groups: 2 },
    { channels: 'last', inputs: 6, outputs: 12, groups: 3 },
  ])('makes $groups dense convolutions, channels $channels, of the same result', (shape) => {
    const graph = conv(shape);
    const result = splitGroupedConv(graph);
    verifyGraph(result);
    expect(groupsOf(result)).toEqual(Array.from({ length: shape.groups }, () => 1));
    const [input] = graph.inputs;
    const x = randomTensor({ dtype: 'f32', shape: input?.type.shape as readonly number[] }, randomSource(2));
    expect(interpretGraph(result, { x })).toEqual(interpretGraph(graph, { x }));
  });

  test.each<readonly [string, Case]>([
    ['a dense convolution', { channels: 'first', inputs: 6, outputs: 8, groups: 1 }],
    ['a depthwise one', { channels: 'last', inputs: 6, outputs: 24, groups: 6 }],
    ['groups too narrow for a vector', { channels: 'last', inputs: 6, outputs: 6, groups: 2 }],
  ])('leaves %s', (_, shape) => {
    const graph = conv(shape);
    expect(splitGroupedConv(graph)).toBe(graph);
  });
});
