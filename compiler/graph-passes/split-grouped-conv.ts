import { type Dim, isStatic, type Shape } from '../../ir/dim.ts';
import type { Graph, Node, NodeOf } from '../../ir/graph/graph.ts';
import { type NewGraph, rebuild } from './rebuild.ts';

/** A group with fewer output channels would not fill a vector: it gains nothing by standing alone. */
const leastOutputs = 4;

/**
 * A convolution in groups of several channels becomes one convolution a group, each of which is a dense product that
 * tiles as any other; equal ones share a kernel. A depthwise convolution stays as it is: its channels are lanes.
 *
 *   conv(x, w) {groups: 2}  →  concat(conv(slice(x), slice(w)), conv(slice(x), slice(w)))
 */
export const splitGroupedConv = (graph: Graph): Graph =>
  rebuild(graph, (node, next) => {
    if (node.op !== 'conv' || node.attrs.groups === 1) return undefined;
    const [x, w] = node.inputs as readonly [string, string];
    const [outputs, channels] = next.typeOf(w).shape;
    if (outputs === undefined || channels === undefined || !isStatic(outputs) || !isStatic(channels)) return undefined;
    const isDense = channels > 1 && outputs / node.attrs.groups >= leastOutputs;
    return isDense ? [split(node, next, { x, w, outputs, channels })] : undefined;
  });

interface Operands {
  readonly x: string;
  readonly w: string;
  /** Output channels in all, and input channels of one group. */
  readonly outputs: number;
  readonly channels: number;
}

function split(node: NodeOf<'conv'>, next: NewGraph, { x, w, outputs, channels }: Operands): string {
  const { groups } = node.attrs;
  const axis = channelAxis(node);
  const parts = Array.from({ length: groups }, (_, group) => {
    const input = sliceAxis(next, x, axis, group * channels, channels);
    const weights = sliceAxis(next, w, 0, (group * outputs) / groups, outputs / groups);
    return next.emit('conv', [input, weights], { ...node.attrs, groups: 1 }, node.name);
  });
  return next.emit('concat', parts, { axis }, node.name);
}

const channelAxis = (node: NodeOf<'conv'>): number =>
  node.attrs.channels === 'first' ? 1 : (node.outputs[0] as Node['outputs'][number]).type.shape.length - 1;

function sliceAxis(next: NewGraph, value: string, axis: number, start: Dim, size: Dim): string {
  const { shape } = next.typeOf(value);
  const at = (other: Dim, inside: Dim): Shape => shape.map((_, i) => (i === axis ? inside : other));
  const sizes = shape.map((dim, i) => (i === axis ? size : dim));
  return next.emit('slice', [value], { starts: at(0, start), sizes, steps: shape.map(() => 1) }, value);
}
