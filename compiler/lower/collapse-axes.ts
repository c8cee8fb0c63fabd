import { type Dim, isStatic, type Shape } from '../../ir/dim.ts';
import type { Graph, Node, NodeOf, Value } from '../../ir/graph/graph.ts';
import type { ReduceKind } from '../../ir/graph/op-attrs.ts';
import { opTable } from '../../ir/graph/op-table.ts';

/**
 * Merges neighbouring axes that every value of a group walks in the same order, since fewer and longer loops tile and
 * vectorize better: `[1, 56, 56, 64] + [64]` becomes `[3136, 64] + [64]`. Applies to groups of elementwise operators,
 * reductions that keep their axes, and at most one product with a plain matrix, which a constant pad may end. Memory is
 * row-major, so only shapes change, never the place of an element.
 */
export const collapseAxes = (body: Graph): Graph => collapseAround(body, body.nodes.find(isMatrixProduct));

/**
 * A group around a convolution with channels last, whose result and all that follows has its places merged into the rows
 * of one matrix. Undefined where another operand has its elements along some of these axes only.
 */
export function collapsePlaces(body: Graph): Graph | undefined {
  const conv = body.nodes.find(isConv);
  const collapsed = conv && collapseAround(body, conv);
  const [result] = collapsed?.nodes.find(isConv)?.outputs ?? [];
  return result?.type.shape.length === 2 ? collapsed : undefined;
}

function collapseAround(body: Graph, product: Product | undefined): Graph {
  const last = body.nodes.at(-1);
  if (product === undefined || last?.op !== 'pad' || last.attrs.mode !== 'constant')
    return collapseWithin(body, product);
  // A pad that ends the group takes an operand with merged axes; its result keeps its own.
  const before = { ...body, nodes: body.nodes.slice(0, -1) };
  const collapsed = collapseWithin(before, product);
  return collapsed === before ? body : { ...collapsed, nodes: [...collapsed.nodes, last] };
}

function collapseWithin(body: Graph, product: Product | undefined): Graph {
  if (!body.nodes.every((node) => node === product || isAligned(node))) return body;
  const kept = product === undefined ? [] : product.op === 'conv' ? product.inputs : product.inputs.slice(1);
  if (!kept.every((name) => isReadOnlyBy(body, name, product))) return body;
  if (product?.op === 'matmul' && !isPlainMatrix(body, kept)) return body;
  const values = valuesOf(body).filter((value) => !kept.includes(value.name));
  const full = fullShape(values, product);
  if (full === undefined) return body;
  const own = product?.op === 'matmul' ? upstream(body, product.inputs[0] as string) : new Set<string>();
  const classes = values.map((value) => classify(value.type.shape, full, own.has(value.name)));
  if (classes.some((row) => row === undefined)) return body;
  const merged = mergeAxes(full, classes as readonly (readonly AxisClass[])[], product !== undefined);
  return merged.length === full.length ? body : rebuild(body, merged, full.length, kept);
}

/** Along an axis of the group's full shape a value has every element, one that is repeated, or a size of its own. */
type AxisClass = 'full' | 'one' | 'own';
/** Neighbouring axes, by number, that become one. */
type AxisGroup = readonly number[];

type Product = NodeOf<'matmul'> | NodeOf<'conv'>;

const isMatrixProduct = (node: Node): node is NodeOf<'matmul'> => node.op === 'matmul' && !node.attrs.transA;
const isConv = (node: Node): node is NodeOf<'conv'> =>
  node.op === 'conv' && node.attrs.channels === 'last' && node.attrs.groups === 1;

/** Elementwise operators, and reductions that keep their axes: element i of an operand meets element i of the result. */
const isAligned = (node: Node): boolean =>
  isReduce(node) ? node.attrs.keepDims : opTable[node.op].kind === 'elementwise';

const isReduce = (node: Node): node is NodeOf<`reduce_${ReduceKind}`> => node.op.startsWith('reduce_');

const valuesOf = (body: Graph): readonly Value[] => [
  ...body.inputs,
  ...body.constants.map(({ name, data }) => ({ name, type: { dtype: data.dtype, shape: data.shape } })),
  ...body.nodes.flatMap((node) => node.outputs),
];

const isPlainMatrix = (body: Graph, kept: readonly string[]): boolean =>
  body.inputs.some((input) => kept.includes(input.name) && input.type.shape.length === 2);

/** Whether a value comes from outside and is an operand of the product, once, and of nothing else. */
function isReadOnlyBy(body: Graph, name: string, product: Product | undefined): boolean {
  const uses = body.nodes.flatMap((node) => node.inputs.filter((input) => input === name).map(() => node));
  return body.inputs.some((input) => input.name === name) && uses.length === 1 && uses[0] === product;
}

function fullShape(values: readonly Value[], product: Product | undefined): readonly number[] | undefined {
  const shapes =
    product === undefined ? values.map((value) => value.type.shape) : [(product.outputs[0] as Value).type.shape];
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const full = Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => dimAt(shape, axis, rank)).map((dim) => (isStatic(dim) ? dim : Number.NaN))),
  );
  return full.some(Number.isNaN) ? undefined : full;
}

/** The size along an axis when the shape is aligned at the right of `rank` axes. */
const dimAt = (shape: Shape, axis: number, rank: number): Dim => shape[axis - rank + shape.length] ?? 1;

function classify(shape: Shape, full: readonly number[], own: boolean): readonly AxisClass[] | undefined {
  const rank = full.length;
  if (shape.length > rank) return undefined;
  const row = full.map((size, axis): AxisClass | undefined => {
    if (own && axis === rank - 1) return 'own';
    const dim = dimAt(shape, axis, rank);
    return dim === size ? 'full' : dim === 1 ? 'one' : undefined;
  });
  return row.includes(undefined) ? undefined : (row as readonly AxisClass[]);
}

/** Every value that the named one is computed from, and itself. */
function upstream(body: Graph, name: string): Set<string> {
  const found = new Set([name]);
  for (const node of [...body.nodes].reverse()) {
    if (node.outputs.some((output) => found.has(output.name))) for (const input of node.inputs) found.add(input);
  }
  return found;
}

function mergeAxes(
  full: readonly number[],
  classes: readonly (readonly AxisClass[])[],
  keepLast: boolean,
): readonly AxisGroup[] {
  const groups: number[][] = [];
  for (let axis = 0; axis < full.length; axis++) {
    const group = groups.at(-1);
    const separate = keepLast && axis === full.length - 1;
    if (group !== undefined && !separate && classes.every((row) => mergeable(row, full, group, axis))) group.push(axis);
    else groups.push([axis]);
  }
  return groups;
}

/** An axis of size 1 joins any other; else both must be walked or both repeated. */
function mergeable(row: readonly AxisClass[], full: readonly number[], group: AxisGroup, axis: number): boolean {
  if (full[axis] === 1) return true;
  const walked = group.filter((member) => full[member] !== 1);
  return walked.every((member) => row[member] === row[axis]);
}

function rebuild(body: Graph, groups: readonly AxisGroup[], rank: number, kept: readonly string[]): Graph {
  const shapeOf = (shape: Shape): readonly number[] =>
    groups.map((group) => group.reduce((product, axis) => product * (dimAt(shape, axis, rank) as number), 1));
  const value = (old: Value): Value =>
    kept.includes(old.name) ? old : { name: old.name, type: { dtype: old.type.dtype, shape: shapeOf(old.type.shape) } };
  return {
    ...body,
    inputs: body.inputs.map(value),
    constants: body.constants.map(({ name, data }) => ({ name, data: { ...data, shape: shapeOf(data.shape) } })),
    nodes: body.nodes.map((node) => ({ ...mergeReduced(node, body, groups, rank), outputs: node.outputs.map(value) })),
  };
}

/** A merged axis is reduced where its members of more than one element were. */
function mergeReduced(node: Node, body: Graph, groups: readonly AxisGroup[], rank: number): Node {
  if (!isReduce(node)) return node;
  const operand = valuesOf(body).find((candidate) => candidate.name === node.inputs[0]) as Value;
  const shape = operand.type.shape;
  const reduced = node.attrs.axes.map((axis) => axis + rank - shape.length);
  const axes = groups.flatMap((group, i) =>
    group.some((axis) => reduced.includes(axis) && dimAt(shape, axis, rank) !== 1) ? [i] : [],
  );
  return { ...node, attrs: { ...node.attrs, axes } };
}
