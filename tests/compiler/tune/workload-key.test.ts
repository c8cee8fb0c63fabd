import { expect, test } from 'vitest';
import { kernelSources } from '../../../compiler/kernels.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { mistakesInWorkload } from '../../../schedules/database/record.ts';
import { convLayer, denseLayer } from './graphs.ts';

const rowsOf = (graph: Graph, ...more: [] | ['height']) => kernelSources(graph, ...more).map(workloadRow);

test('workloads that differ in names only have one key, which says all that schedules depend on', () => {
  const [row] = rowsOf(denseLayer([3, 8, 12]));
  const [renamed] = rowsOf(denseLayer([3, 8, 12], { input: 'image', weights: 'a.b/c', bias: '2' }));
  expect(renamed).toEqual(row);
  expect(mistakesInWorkload(row)).toEqual([]);
  expect(row?.text).toMatchInlineSnapshot(`
    "func @f(%b0: f32[3, 8], %b1: f32[8, 12], %b2: f32[12]) -> (%b3: f32[3, 12]) {
      temp %b4: f32[3, 12] global
      temp %b5: f32[3, 12] global
      for v0 in 3 {
        for v1 in 12 {
          for v2 in 8 {
            block block0(v3: spatial(3) = v0, v4: spatial(12) = v1, v5: reduce(8) = v2) {
              init {
                %b4[v3, v4] = 0f32
              }
              %b4[v3, v4] = %b4[v3, v4] + %b0[v3, v5] * %b1[v5, v4]
            }
          }
        }
      }
      for v6 in 3 {
        for v7 in 12 {
          block block1(v8: spatial(3) = v6, v9: spatial(12) = v7) {
            %b5[v8, v9] = %b4[v8, v9] + %b2[v9]
          }
        }
      }
      for v10 in 3 {
        for v11 in 12 {
          block block2(v12: spatial(3) = v10, v13: spatial(12) = v11) {
            %b3[v12, v13] = tanh(%b5[v12, v13])
          }
        }
      }
    }
    constants %b1 %b2
    "
  `);
  expect(row?.hash).toMatch(/^[0-9a-f]{64}$/);
});

test('other sizes, other constants and another axis for threads are other workloads', () => {
  const graph = denseLayer([3, 8, 12]);
  const texts = [
    rowsOf(graph),
    rowsOf(denseLayer([3, 8, 16])),
    rowsOf({ ...graph, constants: [], inputs: [...graph.inputs, ...graph.constants.map(asInput)] }),
    rowsOf(graph, 'height'),
  ].map(([row]) => row?.text);
  expect(new Set(texts).size).toBe(4);
  expect(texts[3]).toContain('parallel height');
});

test('the definitions that memory allows are a part of a workload', () => {
  const texts = [0, 8].map(
    (growth) => kernelSources(convLayer(12, 8, 16), 'auto', growth).map(workloadRow)[0]?.text ?? '',
  );
  expect(texts.map((text) => /^definitions (.*)$/m.exec(text)?.[1])).toEqual([
    'direct implicit-gemm',
    'direct implicit-gemm winograd-2x2 winograd-4x4',
  ]);
});

const asInput = ({ name, data: { dtype, shape } }: Graph['constants'][number]) => ({ name, type: { dtype, shape } });

test('families and shapes', () => {
  expect(rowsOf(denseLayer([3, 8, 12]))[0]).toMatchObject({ family: 'matmul', shape: [1, 3, 12, 8] });
  expect(rowsOf(convLayer(6, 4, 8))[0]).toMatchObject({ family: 'conv2d', shape: [1, 8, 4, 6, 6, 3, 3, 1, 1] });
});
