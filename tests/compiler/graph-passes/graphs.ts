import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { elementCount, type TensorData } from '../../../ir/tensor-data.ts';
import { smallIntegers } from '../../generators/graph.ts';

export const f32 = (shape: readonly number[], values?: readonly number[]): TensorData =>
  values === undefined
    ? smallIntegers('f32', shape, 7)
    : {
        dtype: 'f32',
        shape,
        data: Float32Array.from({ length: elementCount(shape) }, (_, i) => values[i % values.length] ?? 0),
      };

export const i64 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'i64',
  shape,
  data: BigInt64Array.from(values.map(BigInt)),
});

/** A graph with one output, `y`, which `build` gives. */
export function graphOf(build: (builder: GraphBuilder) => Value): Graph {
  const builder = new GraphBuilder('test');
  builder.output('y', build(builder));
  return builder.finish();
}

export const opsOf = (graph: Graph): readonly string[] => graph.nodes.map((node) => node.op);

/** The operators of each group of a fused graph. */
export const groupsOf = (graph: Graph): readonly (readonly string[])[] =>
  graph.nodes.map((node) => (node.op === 'fused' ? opsOf(node.attrs.body) : [node.op]));

export const noAttrs = {};

/** conv(pad(x)) + bias, as an importer writes it: channels first, bias over axis 1. */
export function convolution(
  builder: GraphBuilder,
  x: Value,
  outputs: number,
  options: { readonly kernel?: number; readonly stride?: number; readonly groups?: number } = {},
): Value {
  const { kernel = 1, stride = 1, groups = 1 } = options;
  const channels = Number(x.type.shape[1]);
  const border = (kernel - 1) / 2;
  const widths = [0, 0, border, border];
  const zero = builder.constant(f32([], [0]));
  const padded = border === 0 ? x : builder.op('pad', [x, zero], { before: widths, after: widths, mode: 'constant' });
  const weights = builder.constant(f32([outputs, channels / groups, kernel, kernel]));
  const attrs = { strides: [stride, stride], dilations: [1, 1], groups, channels: 'first' } as const;
  const product = builder.op('conv', [padded, weights], attrs);
  return builder.op('add', [product, builder.constant(f32([outputs, 1, 1]))], {});
}

export function silu(builder: GraphBuilder, x: Value): Value {
  return builder.op('mul', [x, builder.op('sigmoid', [x], {})], {});
}
