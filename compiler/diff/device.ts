import type { Graph, NodeOf, TensorType } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';

/** A compiled model on a device, whose groups can be run one by one. */
export interface DiffDevice {
  readonly name: string;
  /** What was compiled. Its nodes are groups, which run in this order. */
  readonly fused: Graph;
  /** Whether the device runs a group, or leaves it to the processor. */
  readonly runs: (group: NodeOf<'fused'>) => boolean;
  /** Puts a value where the kernels that read it look for it. */
  readonly write: (value: string, tensor: TensorData) => void;
  /** Runs the kernels of a group once, on what stands there. */
  readonly run: (group: NodeOf<'fused'>) => Promise<void>;
  /** A value that a kernel has just written, or that is still to be read. */
  readonly read: (value: string, type: TensorType) => Promise<TensorData>;
  readonly sources: (group: NodeOf<'fused'>) => Promise<readonly KernelSource[]>;
  readonly close: () => Promise<void>;
}

/** The code of a kernel, as its device gets it. */
export interface KernelSource {
  readonly kernel: string;
  readonly language: 'wat' | 'wgsl';
  readonly text: string;
  /** Where in the text the kernel itself begins, behind functions that it calls. */
  readonly start: number;
}
