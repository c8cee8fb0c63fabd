import type { Graph } from '../../ir/graph/graph.ts';
import { canonicalize } from './canonicalize/index.ts';
import { chooseLayout } from './choose-layout.ts';
import { foldConstants } from './fold-constants.ts';
import { foldScaleIntoConv } from './fold-scale-into-conv.ts';
import { fuse } from './fuse/index.ts';
import { mergeCommonSubexpressions } from './merge-common-subexpressions.ts';
import { moveTransposes } from './move-transposes/index.ts';
import { narrowIntegers } from './narrow-integers/index.ts';
import { narrowProducts } from './narrow-products.ts';
import { pointwiseConvToMatmul } from './pointwise-conv-to-matmul.ts';
import { removeDeadNodes } from './remove-dead-nodes.ts';
import { splitGroupedConv } from './split-grouped-conv.ts';

export interface GraphPass {
  readonly name: string;
  readonly run: (graph: Graph) => Graph;
}

const clean: readonly GraphPass[] = [
  { name: 'fold-constants', run: foldConstants },
  { name: 'canonicalize', run: canonicalize },
  { name: 'merge-common-subexpressions', run: mergeCommonSubexpressions },
];

/** From a graph of operators to one of fused groups. Some passes leave work for the cleaning ones, which run again. */
export const graphPasses: readonly GraphPass[] = [
  { name: 'remove-dead-nodes', run: removeDeadNodes },
  ...clean,
  { name: 'fold-scale-into-conv', run: foldScaleIntoConv },
  { name: 'narrow-integers', run: narrowIntegers },
  { name: 'split-grouped-conv', run: splitGroupedConv },
  { name: 'choose-layout', run: chooseLayout },
  { name: 'move-transposes', run: moveTransposes },
  { name: 'pointwise-conv-to-matmul', run: pointwiseConvToMatmul },
  ...clean,
  { name: 'narrow-products', run: narrowProducts },
  { name: 'fuse', run: fuse },
];

/** Runs all passes in order. `observe` sees the graph after each, for timing and dumps. Every node becomes `fused`. */
export function optimizeGraph(graph: Graph, observe?: (name: string, graph: Graph) => void): Graph {
  return graphPasses.reduce((before, { name, run }) => {
    const after = run(before);
    observe?.(name, after);
    return after;
  }, graph);
}
