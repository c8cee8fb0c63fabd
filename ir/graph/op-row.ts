import type { TensorData } from '../tensor-data.ts';
import type { TensorType } from './graph.ts';
import type { OpAttrs, OpName } from './op-attrs.ts';

/**
 * How an operator may join a group, after TVM: each element of the result depends on the same element of the inputs
 * (`elementwise`), on one element anywhere (`injective`), on many that are combined (`reduction`), on many pairs of two
 * operands (`contraction`); an `opaque` one stays alone.
 */
export type FusionKind = 'elementwise' | 'injective' | 'reduction' | 'contraction' | 'opaque';

/** What the compiler knows about an operator of the graph. */
export interface OpRow<K extends OpName> {
  readonly kind: FusionKind;
  /** The types of the results. Throws a `CompilerError` that says what does not fit; whoever calls adds the place. */
  readonly infer: (inputs: readonly TensorType[], attrs: OpAttrs[K]) => readonly TensorType[];
  /**
   * The meaning of the operator. The inputs' types are those that gave `outputs`, and neither `outputs` nor `attrs`
   * holds a symbol (see `bindGraph`). Throws a `CompilerError` where an index lies outside of its axis.
   */
  readonly evaluate: (
    inputs: readonly TensorData[],
    attrs: OpAttrs[K],
    outputs: readonly TensorType[],
  ) => readonly TensorData[];
}
