import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { randomTensor } from '../../../compiler/io/random-inputs.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { randomSource } from '../../../ir/random.ts';

export interface Names {
  readonly input: string;
  readonly weights: string;
  readonly bias: string;
}

/** A dense layer, after fusion one kernel; under any names. */
export function denseLayer(
  [rows, depth, columns]: readonly [number, number, number],
  { input, weights, bias }: Names = { input: 'x', weights: 'w', bias: 'bias' },
): Graph {
  const next = randomSource(1);
  const b = new GraphBuilder(`${input} layer`);
  const x = b.input(input, 'f32', [rows, depth]);
  const w = b.constant(randomTensor({ dtype: 'f32', shape: [depth, columns] }, next), weights);
  const added = b.constant(randomTensor({ dtype: 'f32', shape: [columns] }, next), bias);
  b.output('y', b.op('tanh', [b.op('add', [b.op('matmul', [x, w], { transA: false, transB: false }), added], {})], {}));
  return optimizeGraph(b.finish());
}

/** Convolutions of 3 × 3 with channels last, side by side, for each of which there are several algorithms. */
export function convLayer(size: number, inputs: number, outputs: number, count = 1): Graph {
  const next = randomSource(2);
  const b = new GraphBuilder('conv');
  const x = b.input('x', 'f32', [1, size + 2, size + 2, inputs]);
  const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' } as const;
  for (let i = 0; i < count; i++) {
    const w = b.constant(randomTensor({ dtype: 'f32', shape: [outputs, inputs, 3, 3] }, next), `w${i}`);
    b.output(`y${i}`, b.op('conv', [x, w], attrs));
  }
  return optimizeGraph(b.finish());
}
