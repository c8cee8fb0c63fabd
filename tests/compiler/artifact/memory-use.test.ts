import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutMemory } from '../../../compiler/artifact/layout.ts';
import { type MemoryUse, memoryUse } from '../../../compiler/artifact/memory-use.ts';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { buildKernels } from '../../../compiler/kernels.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { arbitraryGraph } from '../../generators/graph.ts';
import { arbitraryKernelGraph } from '../../generators/kernel-graph.ts';
import { f32, graphOf } from '../graph-passes/graphs.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 50);

interface Laid extends MemoryUse {
  /** What aligning each tensor may add. */
  readonly alignment: number;
}

function lay(graph: Graph): Laid {
  const fused = optimizeGraph(graph);
  const calls = buildKernels(fused);
  const operands = calls.reduce((sum, { inputs }) => sum + inputs.length, fused.outputs.length);
  return { ...memoryUse(fused, calls, layoutMemory(fused, calls)), alignment: 64 * (operands + 3) };
}

describe('the memory of a run', () => {
  test('is weights and the most activations that are alive at once, and says where', () => {
    const use = lay(
      graphOf((b) => {
        const x = b.input('x', 'f32', [32, 64]);
        const weights = b.constant(f32([64, 128]));
        const wide = b.op('matmul', [x, weights], { transA: false, transB: false });
        return b.op('reduce_sum', [b.op('exp', [wide], {})], { axes: [0, 1], keepDims: false });
      }),
    );
    expect(use).toMatchObject({
      weights: 4 * 64 * 128,
      activations: { bytes: 4 * 32 * (64 + 128) },
      workspaces: { bytes: 0 },
      limit: 1.5 * 4 * 64 * 128 + 4 * 32 * (64 + 128),
    });
    expect(use.total - use.weights - use.activations.bytes).toBeLessThanOrEqual(use.alignment);
  });

  const bounded = (graph: Graph): void => {
    const { total, limit, workspaces, alignment } = lay(graph);
    expect(total, printGraph(graph)).toBeLessThanOrEqual(limit + workspaces.bytes + alignment);
  };

  test('exceeds one and a half times the weights, and the activations, by workspaces alone', () => {
    fc.assert(
      fc.property(arbitraryKernelGraph(), ({ graph }) => bounded(graph)),
      { numRuns: runs },
    );
    fc.assert(
      fc.property(arbitraryGraph({ maxSteps: 16 }), ({ graph }) => bounded(graph)),
      { numRuns: runs },
    );
  });
});
