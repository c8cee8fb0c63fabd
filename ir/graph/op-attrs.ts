import type { Shape } from '../dim.ts';
import type { DType } from '../dtype.ts';
import type { BinaryOp, UnaryOp } from '../scalar.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';
import type { Graph } from './graph.ts';

type NoAttrs = Readonly<Record<string, never>>;
type ReduceOp = `reduce_${ReduceKind}`;
export type ReduceKind = 'sum' | 'prod' | 'max' | 'min';
/** How a scatter combines the old element with the update. */
export type ScatterReduction = 'none' | 'add' | 'mul' | 'min' | 'max';
/** Where the channels of a convolution's input and output stand: N C spatial…, or N spatial… C. */
export type ChannelLayout = 'first' | 'last';

/** Axes are never negative. Shapes that an attribute holds are the operator's result shape, in affine dimensions. */
interface OtherAttrs {
  /** (cond: bool, then, else), broadcast as the elementwise operators are. */
  readonly select: NoAttrs;
  readonly cast: { readonly to: DType };
  readonly bitcast: { readonly to: DType };
  readonly reshape: { readonly shape: Shape };
  /** Result axis i is input axis perm[i]. */
  readonly transpose: { readonly perm: readonly number[] };
  /** Numpy's rules: axes are aligned at the right, a dimension of 1 is repeated. */
  readonly broadcast_to: { readonly shape: Shape };
  /** Element i of an axis is input element start + i·step; a negative step walks backwards. One entry an axis. */
  readonly slice: { readonly starts: Shape; readonly sizes: Shape; readonly steps: readonly number[] };
  /** One entry an axis, not negative. 'constant' takes a second input, a scalar; reflect does not repeat the border. */
  readonly pad: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    readonly mode: 'constant' | 'edge' | 'reflect' | 'wrap';
  };
  readonly concat: { readonly axis: number };
  /** (data, indices): data.shape[:axis] + indices.shape + data.shape[axis+1:]. A negative index counts from the end. */
  readonly gather: { readonly axis: number };
  readonly gather_elements: { readonly axis: number };
  readonly gather_nd: { readonly batchDims: number };
  readonly scatter_elements: { readonly axis: number; readonly reduction: ScatterReduction };
  readonly scatter_nd: { readonly reduction: ScatterReduction };
  /** The index along `axis`, as ONNX's Range and numpy's arange give it, in every element of `shape`. */
  readonly iota: { readonly shape: Shape; readonly axis: number; readonly dtype: DType };
  readonly argmax: { readonly axis: number; readonly keepDims: boolean; readonly selectLast: boolean };
  readonly argmin: { readonly axis: number; readonly keepDims: boolean; readonly selectLast: boolean };
  /** Running sum or product along an axis; `exclusive` leaves out the element itself, `reverse` starts at the end. */
  readonly cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  readonly cumprod: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  /** Sum or maximum over windows, one entry an axis (1 where there is no window). No padding: `pad` comes before. */
  readonly window_sum: WindowAttrs;
  readonly window_max: WindowAttrs;
  /** numpy's matmul on operands of rank ≥ 2; `transA`, `transB` swap an operand's last two axes. */
  readonly matmul: { readonly transA: boolean; readonly transB: boolean };
  /**
   * Cross-correlation without padding. (x, w): w is [outChannels, inChannels/groups, spatial…] in either layout.
   * Any number of spatial axes.
   */
  readonly conv: {
    readonly strides: readonly number[];
    readonly dilations: readonly number[];
    readonly groups: number;
    readonly channels: ChannelLayout;
  };
  /** The k largest or smallest along an axis, sorted: (values, indices: i64); of equal elements the first comes first. */
  readonly topk: { readonly axis: number; readonly k: number; readonly largest: boolean };
  /** A program in the loop-level IR: an operator of the user's own, or what a fused group was lowered to. */
  readonly call_tir: { readonly func: TensorFunc };
  /** A group of nodes that becomes one kernel. */
  readonly fused: { readonly body: Graph };
}

interface WindowAttrs {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * The operators of the graph and their attributes. The scalar operations of both IRs are the elementwise operators, with
 * numpy's broadcasting on two operands of one dtype.
 */
export type OpAttrs = OtherAttrs & { readonly [K in UnaryOp | BinaryOp]: NoAttrs } & {
  readonly [K in ReduceOp]: { readonly axes: readonly number[]; readonly keepDims: boolean };
};

export type OpName = keyof OpAttrs;
