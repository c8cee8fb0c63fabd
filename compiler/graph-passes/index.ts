import type { Graph } from '../../ir/graph/graph.ts';
import type { GpuLimits } from '../../schedules/target/target.ts';
import { canonicalize } from './canonicalize/index.ts';
import { chooseLayout } from './choose-layout.ts';
import { foldConstants } from './fold-constants.ts';
import { foldScaleIntoConv } from './fold-scale-into-conv.ts';
import { fuse } from './fuse/index.ts';
import { mergeCommonSubexpressions } from './merge-common-subexpressions.ts';
import { moveTransposes } from './move-transposes/index.ts';
import { narrowIntegers, narrowIntegersFromInputs } from './narrow-integers/index.ts';
import { narrowProducts } from './narrow-products.ts';
import { needs64Bits } from './needs-64-bits.ts';
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

/** What the passes for a target differ in. */
interface PassChoice {
  readonly narrow: GraphPass['run'];
  readonly narrowProducts: GraphPass['run'];
  readonly group: GraphPass['run'];
}

/** From a graph of operators to one of fused groups. Some passes leave work for the cleaning ones, which run again. */
const passesWith = ({ narrow, narrowProducts: narrowFactors, group }: PassChoice): readonly GraphPass[] => [
  { name: 'remove-dead-nodes', run: removeDeadNodes },
  ...clean,
  { name: 'fold-scale-into-conv', run: foldScaleIntoConv },
  { name: 'narrow-integers', run: narrow },
  { name: 'split-grouped-conv', run: splitGroupedConv },
  { name: 'choose-layout', run: chooseLayout },
  { name: 'move-transposes', run: moveTransposes },
  { name: 'pointwise-conv-to-matmul', run: pointwiseConvToMatmul },
  ...clean,
  { name: 'narrow-products', run: narrowFactors },
  { name: 'fuse', run: group },
];

export const graphPasses: readonly GraphPass[] = passesWith({
  narrow: narrowIntegers,
  narrowProducts: (graph) => narrowProducts(graph),
  group: (graph) => fuse(graph),
});

/**
 * The passes for a target whose kernels bind so many buffers, whose 64-bit inputs are checked to fit 32 bits, and which
 * multiplies bytes as such.
 */
export const passesForWebgpu = ({ storageBuffers }: Pick<GpuLimits, 'storageBuffers'>): readonly GraphPass[] =>
  passesWith({
    narrow: narrowIntegersFromInputs,
    narrowProducts: (graph) => narrowProducts(graph, true),
    group: (graph) => fuse(graph, { mostInputs: storageBuffers - 1, apart: needs64Bits(graph) }),
  });

/**
 * Runs all passes in order, those for WebAssembly if nothing is said. `observe` sees the graph after each, for timing and
 * dumps. Every node becomes `fused`.
 */
export function optimizeGraph(
  graph: Graph,
  observe?: (name: string, graph: Graph) => void,
  passes: readonly GraphPass[] = graphPasses,
): Graph {
  return passes.reduce((before, { name, run }) => {
    const after = run(before);
    observe?.(name, after);
    return after;
  }, graph);
}
