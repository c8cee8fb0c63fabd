import { expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { narrowProducts } from '../../../compiler/graph-passes/narrow-products.ts';
import type { DType } from '../../../ir/dtype.ts';
import type { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { elementCount, type TensorData } from '../../../ir/tensor-data.ts';
import { parseGraph } from '../../../ir/text/parse.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { graphOf, groupsOf, opsOf } from './graphs.ts';

const matmul = { transA: false, transB: false };

const i32 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'i32',
  shape,
  data: Int32Array.from({ length: elementCount(shape) }, (_, i) => values[i % values.length] as number),
});

const widened = (b: GraphBuilder, dtype: DType, shape: readonly number[], name: string): Value =>
  b.op('cast', [b.input(name, dtype, shape)], { to: 'i32' });

/** The dtypes that the operands of the graph's last node, a product, are widened from. */
function factorsOf(graph: Graph): readonly (DType | undefined)[] {
  verifyGraph(graph);
  const types = new Map<string, DType>([
    ...graph.inputs.map(({ name, type }) => [name, type.dtype] as const),
    ...graph.constants.map(({ name, data }) => [name, data.dtype] as const),
    ...graph.nodes.flatMap(({ outputs }) => outputs.map(({ name, type }) => [name, type.dtype] as const)),
  ]);
  return (graph.nodes.at(-1)?.inputs ?? []).map((input) => {
    const cast = graph.nodes.find(({ outputs }) => outputs[0]?.name === input);
    return cast?.op === 'cast' ? types.get(cast.inputs[0] ?? '') : undefined;
  });
}

test('what is left of zero points fits 16 bits, and a constant fits 8', () => {
  const graph = parseGraph(`graph @f(%x: u8[3, 2], %z: u8[]) -> ("y" = %y) {
    constant %w: i32[2, 4] = [-128, 127, 0, 1, 2, 3, 4, 5]
    %wide: i32[3, 2] = cast(%x) {to = "i32"}
    %zero: i32[] = cast(%z) {to = "i32"}
    %a: i32[3, 2] = sub(%wide, %zero)
    %y: i32[3, 4] = matmul(%a, %w) {transA = false, transB = false}
  }`);
  expect(printGraph(narrowProducts(graph))).toBe(
    printGraph(
      parseGraph(`graph @f(%x: u8[3, 2], %z: u8[]) -> ("y" = %y.1) {
        constant %w.1: i8[2, 4] = [-128, 127, 0, 1, 2, 3, 4, 5]
        %wide: i32[3, 2] = cast(%x) {to = "i32"}
        %zero: i32[] = cast(%z) {to = "i32"}
        %a: i32[3, 2] = sub(%wide, %zero)
        %a.1: i16[3, 2] = cast(%a) {to = "i16"}
        %a.2: i32[3, 2] = cast(%a.1) {to = "i32"}
        %w.2: i32[2, 4] = cast(%w.1) {to = "i32"}
        %y.1: i32[3, 4] = matmul(%a.2, %w.2) {transA = false, transB = false}
      }`),
    ),
  );
});

test('left factors have 8 bits as well where bytes are wanted', () => {
  const product = (left: DType, less: number) =>
    graphOf((b) => {
      const x = b.op('sub', [widened(b, left, [3, 2], 'x'), b.constant(i32([], [less]))], {});
      return b.op('matmul', [x, b.constant(i32([2, 4], [-1, 1]))], matmul);
    });
  expect(factorsOf(narrowProducts(product('u8', 128), true))).toEqual(['i8', 'i8']);
  expect(factorsOf(narrowProducts(product('u8', 127), true))).toEqual(['i16', 'i8']);
  expect(factorsOf(narrowProducts(product('u8', 128)))).toEqual(['i16', 'i8']);
});

test('borders and other movement are narrow, too', () => {
  const graph = graphOf((b) => {
    const pads = { before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: 'constant' } as const;
    const x = b.op('pad', [widened(b, 'u8', [1, 4, 4, 2], 'x'), b.constant(i32([], [0]))], pads);
    const w = b.op('reshape', [b.constant(i32([72], [200]))], { shape: [4, 2, 3, 3] });
    return b.op('conv', [x, w], { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' });
  });
  expect(factorsOf(narrowProducts(graph))).toEqual(['i16', 'u8']);
});

test.each([
  ['a single step', 1, 'i8', 0],
  ['a range that is not known', 4, 'i32', 0],
  ['a range that does not fit', 4, 'i16', 1],
] as const)('%s is left alone', (_, depth, dtype, offset) => {
  const graph = graphOf((b) => {
    const a = b.op('add', [widened(b, dtype, [4, depth], 'a'), b.constant(i32([], [offset]))], {});
    return b.op('matmul', [a, widened(b, 'i8', [depth, 4], 'b')], matmul);
  });
  expect(narrowProducts(graph)).toBe(graph);
});

test('a product reads what is narrow, and widens it itself', () => {
  const graph = graphOf((b) => {
    const a = b.op('sub', [widened(b, 'u8', [4, 8], 'a'), b.constant(i32([], [128]))], {});
    return b.op('matmul', [a, widened(b, 'i8', [8, 4], 'b')], matmul);
  });
  expect(groupsOf(optimizeGraph(graph))).toEqual([
    ['cast', 'sub', 'cast'],
    ['cast', 'cast', 'matmul'],
  ]);
});

test('an odd depth is made even, with the border where there is one', () => {
  const graph = graphOf((b) => {
    const pads = { before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: 'constant' } as const;
    const x = b.op('pad', [widened(b, 'u8', [1, 4, 4, 3], 'x'), b.constant(i32([], [0]))], pads);
    const w = b.constant(i32([4, 3, 3, 3], [1, -2, 3]));
    return b.op('conv', [x, w], { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'last' });
  });
  const narrow = narrowProducts(graph);
  expect(factorsOf(narrow)).toEqual(['i16', 'i8']);
  expect(opsOf(narrow)).toEqual(['cast', 'pad', 'cast', 'cast', 'conv']);
  expect(narrow.nodes.find(({ op }) => op === 'pad')?.outputs[0]?.type.shape).toEqual([1, 6, 6, 4]);
});

test('what several products read is narrowed once', () => {
  const graph = graphOf((b) => {
    const x = b.op('sub', [widened(b, 'u8', [4, 8], 'x'), b.constant(i32([], [7]))], {});
    const of = (value: number) => b.op('matmul', [x, b.constant(i32([8, 8], [value]))], matmul);
    return b.op('add', [of(1), of(2)], {});
  });
  const casts = narrowProducts(graph).nodes.filter((node) => node.op === 'cast' && node.attrs.to === 'i16');
  expect(casts).toHaveLength(1);
});
