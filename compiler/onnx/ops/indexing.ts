import type { Dim } from '../../../ir/dim.ts';
import type { ScatterReduction } from '../../../ir/graph/op-attrs.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, oneInt, rankOf } from './axes.ts';

const dataAxis = (node: OnnxNode): number => axisOf(node, node.int('axis', 0), rankOf(node.input(0)));

function reduction(node: OnnxNode): ScatterReduction {
  const name = node.string('reduction', 'none');
  if (name === 'none' || name === 'add' || name === 'mul' || name === 'min' || name === 'max') return name;
  return node.fail(`reduction ${name}`);
}

const scatterElements = (node: OnnxNode, g: Writer): Operand =>
  g.op('scatter_elements', [node.input(0), node.input(1), node.input(2)], {
    axis: dataAxis(node),
    reduction: reduction(node),
  });

/** A new axis whose element is `on` at the index and `off` elsewhere; an index outside of the depth gives none. */
function oneHot(node: OnnxNode, g: Writer): Operand {
  const indices = g.cast(node.input(0), 'i64');
  const depth = depthOf(node);
  const rank = rankOf(indices) + 1;
  const axis = axisOf(node, node.int('axis', -1), rank);
  const { shape } = indices.type;
  const fromStart = g.select(g.binary('lt', indices, 0), g.add(indices, depth), indices);
  const column = g.reshape(fromStart, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
  const position = g.iota(
    'i64',
    Array.from({ length: rank }, (_, i): Dim => (i === axis ? depth : 1)),
    axis,
  );
  const [off, on] = [0, 1].map((i) => g.reshape(g.sliceAxis(node.input(2), 0, i, 1), []));
  return g.select(g.binary('eq', column, position), on as Operand, off as Operand);
}

function depthOf(node: OnnxNode): number {
  const depth = node.input(1);
  if (depth.kind === 'constant' && depth.type.dtype === 'f32') return Math.trunc(Number(depth.data.data[0]));
  return oneInt(node, 1, 'a depth');
}

/** Writes rows of an update into a cache, from a position on that may differ by batch, or round a ring. */
function tensorScatter(node: OnnxNode, g: Writer): Operand {
  const [cache, update] = [node.input(0), node.input(1)];
  const axis = axisOf(node, node.int('axis', -2), rankOf(cache));
  const mode = node.string('mode', 'linear');
  if (mode !== 'linear' && mode !== 'circular') node.fail(`mode ${mode}`);
  if (axis === 0) node.fail('axis 0 is the batch');
  const steps = g.iota('i64', update.type.shape, axis);
  const start = node.optional(2);
  const column =
    start &&
    g.reshape(
      start,
      cache.type.shape.map((dim, i) => (i === 0 ? dim : 1)),
    );
  const position = column ? g.add(steps, column) : steps;
  const size = g.reshape(g.dims([cache.type.shape[axis] as Dim]), []);
  const index = mode === 'circular' ? g.binary('floormod', position, size) : position;
  return g.op('scatter_elements', [cache, index, update], { axis, reduction: 'none' });
}

export const indexingOps: OnnxOpRows = {
  Gather: row((node, g) => g.gather(node.input(0), node.input(1), dataAxis(node)), { attributes: ['axis'] }),
  GatherElements: row((node, g) => g.op('gather_elements', [node.input(0), node.input(1)], { axis: dataAxis(node) }), {
    since: 11,
    attributes: ['axis'],
  }),
  GatherND: row(
    (node, g) => g.op('gather_nd', [node.input(0), node.input(1)], { batchDims: node.int('batch_dims', 0) }),
    {
      since: 11,
      attributes: ['batch_dims'],
    },
  ),
  OneHot: row(oneHot, { since: 9, attributes: ['axis'] }),
  Scatter: row(scatterElements, { since: 9, attributes: ['axis'] }),
  ScatterElements: row(scatterElements, { since: 11, attributes: ['axis', 'reduction'] }),
  ScatterND: row(
    (node, g) => g.op('scatter_nd', [node.input(0), node.input(1), node.input(2)], { reduction: reduction(node) }),
    { since: 11, attributes: ['reduction'] },
  ),
  TensorScatter: row(tensorScatter, { since: 24, attributes: ['axis', 'mode'] }),
};
