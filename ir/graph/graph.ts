import type { Shape } from '../dim.ts';
import type { DType } from '../dtype.ts';
import type { TensorData } from '../tensor-data.ts';
import type { OpAttrs, OpName } from './op-attrs.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Value {
  /** Any string; unique in its graph. */
  readonly name: string;
  readonly type: TensorType;
}

/**
 * A program over tensors: single-assignment values, nodes in topological order. A `fused` node holds a graph of its
 * own, whose inputs and outputs stand in the order of the node's. The names of `inputs` and `outputs` are the
 * interface; an output gives one of the graph's values under a name of its own.
 */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Output[];
}

export interface Constant {
  readonly name: string;
  readonly data: TensorData;
}

export interface Output {
  readonly name: string;
  /** The name of the input, constant or node output that is given. */
  readonly value: string;
}

/** One application of an operator. A discriminated union over `op`, so that `attrs` has the operator's own type. */
export type Node = { readonly [K in OpName]: NodeOf<K> }[OpName];

export interface NodeOf<K extends OpName> {
  readonly op: K;
  /** Unique in its graph; says where in messages and names kernels. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly attrs: OpAttrs[K];
  readonly outputs: readonly Value[];
}
