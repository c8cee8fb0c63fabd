import { byteSize } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { bytesOf } from '../../ir/tensor-data.ts';
import { type KernelCall, workspaces } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import type { Layout } from './layout.ts';

/** What the memory of a model consists of, in bytes, and what it is measured by. */
export interface MemoryUse {
  /** All that a run has in use: weights as kernels read them, activations, workspaces. */
  readonly total: number;
  /** The constants of the optimized graph, each once, as they are before they are packed for kernels. */
  readonly weights: number;
  /** The most that values of the graph take at once, with the node at which they do. */
  readonly activations: Layout['liveValues'];
  /** The most that one kernel needs besides its operands. */
  readonly workspaces: { readonly bytes: number; readonly kernel: string | undefined };
  /** What the total should not exceed: one and a half times the weights, and the activations. */
  readonly limit: number;
}

export function memoryUse(graph: Graph, calls: readonly KernelCall[], layout: Layout): MemoryUse {
  const weights = graph.constants.reduce((sum, { data }) => sum + bytesOf(data.data).length, 0);
  const activations = layout.liveValues;
  return {
    total: layout.totalBytes,
    weights,
    activations,
    workspaces: largestWorkspaces(calls),
    limit: 1.5 * weights + activations.bytes,
  };
}

const largestWorkspaces = (calls: readonly KernelCall[]): MemoryUse['workspaces'] =>
  calls
    .map(({ kernel }) => ({
      kernel: kernel.name,
      bytes: workspaces(kernel).reduce((sum, { shape, dtype }) => sum + staticElements(shape) * byteSize(dtype), 0),
    }))
    .reduce<MemoryUse['workspaces']>((most, one) => (one.bytes > most.bytes ? one : most), {
      bytes: 0,
      kernel: undefined,
    });
