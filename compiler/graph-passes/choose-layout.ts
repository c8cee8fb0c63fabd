import type { Graph } from '../../ir/graph/graph.ts';
import { rebuild } from './rebuild.ts';

const toChannelsLast = [0, 2, 3, 1];
const toChannelsFirst = [0, 3, 1, 2];

/**
 * Convolutions over two spatial axes run with channels last: the innermost loop then runs over output channels, which
 * stand side by side in packed weights and in the result. Each is put between two transposes; `moveTransposes` takes
 * them through what stands between convolutions and cancels them.
 *
 *   conv(x, w) {channels: first}  →  transpose(conv(transpose(x), w) {channels: last})
 */
export const chooseLayout = (graph: Graph): Graph =>
  rebuild(graph, (node, next) => {
    if (node.op !== 'conv' || node.attrs.channels === 'last' || node.attrs.strides.length !== 2) return undefined;
    const [x, w] = node.inputs as readonly [string, string];
    const last = next.emit('transpose', [x], { perm: toChannelsLast }, x);
    const result = next.emit('conv', [last, w], { ...node.attrs, channels: 'last' }, node.name);
    return [next.emit('transpose', [result], { perm: toChannelsFirst }, node.name)];
  });
