import { expect, test } from 'vitest';
import { optimizeGraph, passesForWebgpu } from '../../../compiler/graph-passes/index.ts';
import { needs64Bits } from '../../../compiler/graph-passes/needs-64-bits.ts';
import { parseGraph } from '../../../ir/text/parse.ts';

const graph = parseGraph(
  `graph @g(%x: f32[4, 4], %ids: i64[4]) -> ("y" = %y, "best" = %best, "square" = %square) {
    constant %half: f64[] = [0.5]
    %product: f32[4, 4] = matmul(%x, %x) {transA = false, transB = false}
    %wide: f64[4, 4] = cast(%product) {to = "f64"}
    %halved: f64[4, 4] = mul(%wide, %half)
    %narrow: f32[4, 4] = cast(%halved) {to = "f32"}
    %y: f32[4, 4] = exp(%narrow)
    %best: i64[4] = argmax(%y) {axis = 1, keepDims = false, selectLast = false}
    %least: i64[4] = min(%best, %ids)
    %square: i64[4] = mul(%least, %least)
  }`,
  'g.tir',
);

test('nodes on f64, and on i64 of which nobody knows that it fits, are found', () => {
  expect([...needs64Bits(graph)].map(({ name }) => name)).toEqual(['wide', 'halved', 'narrow', 'square']);
});

test('they are in groups of their own for a GPU', () => {
  const { nodes } = optimizeGraph(graph, undefined, passesForWebgpu({ storageBuffers: 8 }));
  const groups = nodes.map((node) => node.op === 'fused' && node.attrs.body.nodes.map(({ op }) => op).join(' '));
  expect(groups).toContain('matmul');
  expect(groups).toContain('cast mul cast');
  expect(groups).toContain('exp');
});
