import { isStatic } from '../../ir/dim.ts';
import type { Graph, Node, NodeOf, TensorType } from '../../ir/graph/graph.ts';
import type { OpName } from '../../ir/graph/op-attrs.ts';
import { opTable } from '../../ir/graph/op-table.ts';

/** What a group is around, and how large that is. */
export interface OperatorFamily {
  /** Groups of one family are scheduled alike: `matmul`, `conv2d`, `depthwise_conv2d`, `window2d`, `reduction` … */
  readonly family: string;
  /** The extents of the main operator's loops, as many and in the same order for each group of a family. */
  readonly shape: readonly number[];
}

/** The family of a fused group with static shapes, by the operator in it that most of its time is spent on. */
export function operatorFamily({ attrs: { body } }: NodeOf<'fused'>): OperatorFamily {
  const main = body.nodes.reduce<Node | undefined>(
    (best, node) => (best === undefined || weight(node) > weight(best) ? node : best),
    undefined,
  );
  if (main === undefined) return { family: 'empty', shape: [] };
  const inputs = main.inputs.map((name) => shapeOf(body, name));
  const result = main.outputs[0]?.type.shape.map(known) ?? [];
  switch (main.op) {
    case 'matmul':
      return { family: 'matmul', shape: matmulShape(main, inputs, result) };
    case 'conv':
      return convFamily(main, inputs, result);
    case 'window_sum':
    case 'window_max':
      return windowFamily(main, result);
    default:
      return otherFamily(main, inputs[0] ?? [], result);
  }
}

/** The families of operators, those first that take the most time where they stand together. */
const ranks = ['injective', 'elementwise', 'reduction', 'opaque', 'contraction'] as const;

const weight = ({ op }: Node): number => ranks.indexOf(opTable[op].kind) + (isWindow(op) ? 0.5 : 0);

const isWindow = (op: OpName): boolean => op === 'window_sum' || op === 'window_max';

/** Batches, rows, columns, and elements that are summed up. */
function matmulShape(
  { attrs: { transA } }: NodeOf<'matmul'>,
  [a = [], b = []]: readonly (readonly number[])[],
  result: readonly number[],
): readonly number[] {
  const [rows, columns] = [result.at(-2) ?? 1, result.at(-1) ?? 1];
  const [outer, depth] = [product(result.slice(0, -2)), a.at(transA ? -2 : -1) ?? 1];
  // Where the right operand is one matrix, the left one's batches are more rows.
  return product(b.slice(0, -2)) === 1 ? [1, outer * rows, columns, depth] : [outer, rows, columns, depth];
}

/** Images, channels, channels that are summed up, then places, window and strides along each axis. */
function convFamily(
  { attrs: { channels, groups, strides } }: NodeOf<'conv'>,
  [, weights = []]: readonly (readonly number[])[],
  result: readonly number[],
): OperatorFamily {
  const [outputs = 1, inputs = 1, ...window] = weights;
  const places = channels === 'last' ? result.slice(1, -1) : result.slice(2);
  const kind = groups === 1 ? 'conv' : inputs === 1 ? 'depthwise_conv' : 'grouped_conv';
  const shape = [result[0] ?? 1, outputs, inputs, ...places, ...window, ...strides];
  return { family: `${kind}${places.length}d`, shape };
}

/** Results without windows, then places, window and strides along each axis that has one. */
function windowFamily(
  { attrs: { window, strides } }: NodeOf<'window_sum' | 'window_max'>,
  result: readonly number[],
): OperatorFamily {
  const axes = [...window.keys()].filter((axis) => window[axis] !== 1);
  const along = (values: readonly number[]): readonly number[] => axes.map((axis) => values[axis] ?? 1);
  const places = along(result);
  const shape = [product(result) / product(places), ...places, ...along(window), ...along(strides)];
  return { family: `window${axes.length}d`, shape };
}

/** Results, and elements of the first operand for each of them. */
function otherFamily({ op }: Node, operand: readonly number[], result: readonly number[]): OperatorFamily {
  const { kind } = opTable[op];
  const shape = [product(result), product(operand) / Math.max(1, product(result))];
  return kind === 'opaque' ? { family: op, shape } : { family: kind, shape };
}

function shapeOf(body: Graph, name: string): readonly number[] {
  const values = [...body.inputs, ...body.nodes.flatMap((node) => node.outputs)];
  const type: TensorType | undefined =
    values.find((value) => value.name === name)?.type ??
    body.constants.find((constant) => constant.name === name)?.data;
  return type?.shape.map(known) ?? [];
}

const known = (dim: TensorType['shape'][number]): number => (isStatic(dim) ? dim : 0);

const product = (extents: readonly number[]): number => extents.reduce((size, extent) => size * extent, 1);
