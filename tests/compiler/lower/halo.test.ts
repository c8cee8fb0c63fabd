import { expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { lowerGroup } from '../../../compiler/lower/lower-group.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { NodeOf, Value } from '../../../ir/graph/graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { f32 } from '../graph-passes/graphs.ts';

/** The statements that store into the result of the only group. */
function storesOf(build: (b: GraphBuilder) => Value): readonly string[] {
  const builder = new GraphBuilder('halo');
  builder.output('y', build(builder));
  const { nodes } = optimizeGraph(builder.finish());
  expect(nodes).toHaveLength(1);
  const lines = printTensorFunc(lowerGroup(nodes[0] as NodeOf<'fused'>)).split('\n');
  return lines.flatMap((line) => (/^ *%out0\[/.test(line) ? [line.trim()] : []));
}

const pad = (b: GraphBuilder, x: Value, before: readonly number[], after: readonly number[]): Value =>
  b.op('pad', [x, b.constant(f32([], [0]))], { before, after, mode: 'constant' });

const product = (b: GraphBuilder): Value =>
  b.op('matmul', [b.input('x', 'f32', [2, 3, 5, 4]), b.input('w', 'f32', [4, 8])], { transA: false, transB: false });

test('rows that were merged are written line by line into the middle, and the sides of an axis by one block', () => {
  expect(storesOf((b) => pad(b, product(b), [0, 1, 2, 0], [0, 1, 2, 0]))).toEqual([
    '%out0[pad_border_vi0, pad_border_vi1 * 4, pad_border_vi3, pad_border_vi4] = 0f32',
    '%out0[pad_border_1_vi0, pad_border_1_vi1 + 1, pad_border_1_vi2 * 7 + pad_border_1_vi3, pad_border_1_vi4] = 0f32',
    '%out0[floordiv(pad_vi0, 15), floormod(floordiv(pad_vi0, 5), 3) + 1, floormod(pad_vi0, 5) + 2, pad_vi1] = %matmul_out[pad_vi0, pad_vi1]',
  ]);
});

test('sides of different widths are a block each', () => {
  expect(storesOf((b) => pad(b, product(b), [0, 2, 0, 0], [0, 1, 0, 0]))).toEqual([
    '%out0[pad_before_vi0, pad_before_vi1, pad_before_vi2, pad_before_vi3] = 0f32',
    '%out0[pad_after_vi0, 5, pad_after_vi2, pad_after_vi3] = 0f32',
    '%out0[floordiv(pad_vi0, 15), floormod(floordiv(pad_vi0, 5), 3) + 2, floormod(pad_vi0, 5), pad_vi1] = %matmul_out[pad_vi0, pad_vi1]',
  ]);
});

test('a concat is written into the middle at once', () => {
  const join = (b: GraphBuilder): Value =>
    b.op('concat', [b.input('x', 'f32', [5, 4]), b.input('z', 'f32', [2, 4])], { axis: 0 });
  expect(storesOf((b) => pad(b, join(b), [1, 0], [0, 0]))).toEqual([
    '%out0[concat_vi0 + 1, concat_vi1] = %in0[concat_vi0, concat_vi1]',
    '%out0[concat_1_vi0 + 6, concat_1_vi1] = %in1[concat_1_vi0, concat_1_vi1]',
    '%out0[0, pad_before_vi1] = 0f32',
  ]);
});
