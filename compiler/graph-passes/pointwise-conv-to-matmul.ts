import type { Graph, Node, NodeOf } from '../../ir/graph/graph.ts';
import { rebuild } from './rebuild.ts';

/**
 * A convolution of one place by one place is a matrix product over all places, whose rows then tile without regard to
 * where a line of the image ends.
 *
 *   conv(x: [n, h, w, i], k: [o, i, 1, 1]) {channels: last}  →  matmul(x, reshape(k: [o, i])) {transB}
 */
export const pointwiseConvToMatmul = (graph: Graph): Graph =>
  rebuild(graph, (node, next) => {
    if (!isPointwise(node)) return undefined;
    const [x, w] = node.inputs as readonly [string, string];
    const kernel = next.typeOf(w).shape;
    if (!kernel.slice(2).every((size) => size === 1)) return undefined;
    const matrix = next.emit('reshape', [w], { shape: kernel.slice(0, 2) }, w);
    return [next.emit('matmul', [x, matrix], { transA: false, transB: true }, node.name)];
  });

const isPointwise = (node: Node): node is NodeOf<'conv'> =>
  node.op === 'conv' &&
  node.attrs.channels === 'last' &&
  node.attrs.groups === 1 &&
  node.attrs.strides.every((stride) => stride === 1);
