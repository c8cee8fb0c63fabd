import { type Dim, isStatic, type Shape } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';

/** Where the windows of a convolution or pooling stand, one entry a spatial axis. */
export interface SpatialWindows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  readonly end: readonly number[];
  /** What `ceil_mode` adds behind the padding so that the last window is whole. */
  readonly extra: readonly number[];
}

export const windowAttributes = ['auto_pad', 'dilations', 'kernel_shape', 'pads', 'strides'] as const;

/** Reads the window attributes for an operand with the given spatial dimensions. */
export function spatialWindows(node: OnnxNode, dims: Shape, kernel: readonly number[]): SpatialWindows {
  const perAxis = (name: string, fallback: number, count = dims.length) => {
    const list = node.ints(name) ?? Array.from({ length: count }, () => fallback);
    return list.length === count ? list : node.fail(`${list.length} ${name} for ${dims.length} spatial axes`);
  };
  if (kernel.length !== dims.length) node.fail(`a kernel of ${kernel.length} axes for ${dims.length} spatial axes`);
  const [strides, dilations] = [perAxis('strides', 1), perAxis('dilations', 1)];
  const extents = kernel.map((size, i) => (size - 1) * (dilations[i] as number) + 1);
  const pads = perAxis('pads', 0, 2 * dims.length);
  const [begin, end] = paddingOf(node, dims, extents, strides, pads);
  const ceils = node.int('ceil_mode', 0) === 1;
  const extra = dims.map((dim, i) =>
    ceils
      ? ceilPadding(node, dim, extents[i] as number, strides[i] as number, begin[i] as number, end[i] as number)
      : 0,
  );
  return { kernel, strides, dilations, begin, end, extra };
}

type PerAxis = readonly number[];

function paddingOf(
  node: OnnxNode,
  dims: Shape,
  extents: PerAxis,
  strides: PerAxis,
  pads: PerAxis,
): readonly [PerAxis, PerAxis] {
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode === 'NOTSET') return [pads.slice(0, dims.length), pads.slice(dims.length)];
  if (mode === 'VALID') return [dims.map(() => 0), dims.map(() => 0)];
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') return node.fail(`auto_pad ${mode}`);
  const totals = dims.map((dim, i) => samePadding(node, dim, extents[i] as number, strides[i] as number));
  const [smaller, larger] = [totals.map((total) => Math.floor(total / 2)), totals.map((total) => Math.ceil(total / 2))];
  return mode === 'SAME_UPPER' ? [smaller, larger] : [larger, smaller];
}

/** What makes ceil(dim / stride) windows. */
function samePadding(node: OnnxNode, dim: Dim, extent: number, stride: number): number {
  if (isStatic(dim)) return Math.max((Math.ceil(dim / stride) - 1) * stride + extent - dim, 0);
  return stride === 1 ? extent - 1 : node.refuse('auto_pad with a stride over a symbolic dimension');
}

/** A window counts that starts inside of the operand or the padding before it. */
function ceilPadding(node: OnnxNode, dim: Dim, extent: number, stride: number, begin: number, end: number): number {
  if (!isStatic(dim)) return stride === 1 ? 0 : node.refuse('ceil_mode over a symbolic dimension');
  const rounded = Math.ceil((dim + begin + end - extent) / stride) + 1;
  const count = (rounded - 1) * stride >= dim + begin ? rounded - 1 : rounded;
  return Math.max((count - 1) * stride + extent - (dim + begin + end), 0);
}

/** Prepends what the batch and channel axes have. */
export const withOuterAxes = (spatial: PerAxis, value: number): PerAxis => [value, value, ...spatial];

/** A vector over the channels, so that it is repeated over batch and spatial axes of an operand of `rank` axes. */
export const channelShape = (channels: Dim, rank: number): Shape => [
  channels,
  ...Array.from({ length: rank - 2 }, () => 1),
];
