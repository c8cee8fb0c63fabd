import { type Dim, isStatic } from '../../../ir/dim.ts';
import type { Graph, Node, NodeOf } from '../../../ir/graph/graph.ts';
import type { OpName } from '../../../ir/graph/op-attrs.ts';
import { comparisons } from '../../../ir/scalar.ts';
import { newArray, type TensorData } from '../../../ir/tensor-data.ts';
import { type NewGraph, rebuild } from '../rebuild.ts';
import { fitsI32, type Interval, i32Range } from './interval.ts';
import { indexRange, rangeOfData, rangeOfResult } from './ranges.ts';

/**
 * Computes 64-bit integers in 32 bits where their range is known to fit: places on an axis (iota, argmax, topk),
 * constants, casts of narrower integers, and arithmetic, movement and comparisons on those. Indices of gathers and
 * scatters become 32-bit in any case: every index that is valid fits. Values that leave the graph keep their dtype.
 *
 *   add(iota: i64, c: i64)  →  cast(add(iota: i32, c: i32)) to i64        gather(x, i: i64)  →  gather(x, cast(i) to i32)
 */
export const narrowIntegers = (graph: Graph): Graph => narrowWithin(graph, new Map());

/** The same where the inputs of the graph are known to fit 32 bits, as what a GPU is given has to. */
export const narrowIntegersFromInputs = (graph: Graph): Graph =>
  narrowWithin(
    graph,
    new Map(graph.inputs.filter(({ type }) => type.dtype === 'i64').map(({ name }) => [name, i32Range])),
  );

function narrowWithin(graph: Graph, ranges: Map<string, Interval>): Graph {
  const known: Known = { ranges, twins: new Map() };
  return rebuild(graph, (node, next) => {
    const narrowed = narrow(node, next, known);
    if (narrowed === undefined) noteIndices(node, next, known);
    return narrowed;
  });
}

interface Known {
  /** Of i64 values that fit i32, and of their twins. */
  readonly ranges: Map<string, Interval>;
  /** The i32 value that is equal to an i64 value, once something needed it. */
  readonly twins: Map<string, string>;
}

/** Which operand holds indices: for a valid program they lie on an axis. */
const indexOperands: { readonly [K in OpName]?: number } = {
  gather: 1,
  gather_elements: 1,
  gather_nd: 1,
  scatter_elements: 1,
  scatter_nd: 1,
};

function narrow(node: Node, graph: NewGraph, known: Known): readonly string[] | undefined {
  if (node.op === 'iota' && node.attrs.dtype === 'i64') {
    const twin = graph.emit('iota', [], { ...node.attrs, dtype: 'i32' }, node.name);
    return [widened(twin, indexRange(node.attrs.shape[node.attrs.axis]), graph, known)];
  }
  if (node.op === 'cast') return narrowCast(node, graph, known);
  const narrowed = narrowOperation(node, graph, known);
  return narrowed ?? narrowIndices(node, graph, known);
}

/** A cast of an i64 value is one of its twin; a cast to i64 of a narrower integer has the operand as its twin. */
function narrowCast(node: NodeOf<'cast'>, graph: NewGraph, known: Known): readonly string[] | undefined {
  const [x] = node.inputs as readonly [string];
  const { dtype } = graph.typeOf(x);
  if (dtype === 'i64') {
    const twin = rangeOf(x, graph, known) === undefined ? undefined : twinOf(x, graph, known);
    if (twin === undefined || node.attrs.to === 'i64') return undefined;
    return [node.attrs.to === 'i32' ? twin : graph.emit('cast', [twin], node.attrs, node.name)];
  }
  const range = node.attrs.to === 'i64' ? rangeOfResult(node, [], [dtype]) : undefined;
  const [result] = node.outputs;
  if (range === undefined || result === undefined) return undefined;
  known.ranges.set(result.name, range);
  if (dtype === 'i32') known.twins.set(result.name, x);
  return undefined;
}

const isI64 = (value: string, graph: NewGraph): boolean => graph.typeOf(value).dtype === 'i64';

/** Arithmetic, movement and comparisons whose i64 operands and result all fit. */
function narrowOperation(node: Node, graph: NewGraph, known: Known): readonly string[] | undefined {
  const data = node.inputs.filter((input, i) => isI64(input, graph) && indexOperands[node.op] !== i);
  if (data.length === 0 || node.outputs.length !== 1 || mayReduceNothing(node, graph)) return undefined;
  const ranges = node.inputs.map((input) => (isI64(input, graph) ? rangeOf(input, graph, known) : undefined));
  if (data.some((input) => rangeOf(input, graph, known) === undefined)) return undefined;
  const compares = (comparisons as ReadonlySet<OpName>).has(node.op);
  const range = compares ? i32Range : rangeOfResult(node, ranges, []);
  if (range === undefined || !fitsI32(range)) return undefined;
  const inputs = node.inputs.map((input, i) => {
    const isIndex = indexOperands[node.op] === i;
    return isI64(input, graph) ? (isIndex ? indicesOf(input, graph, known) : twinOf(input, graph, known)) : input;
  });
  const result = graph.emit(node.op, inputs, node.attrs, node.name);
  return [compares ? result : widened(result, range, graph, known)];
}

/** An extreme of no elements is the end of its dtype's range. */
function mayReduceNothing(node: Node, graph: NewGraph): boolean {
  if (node.op !== 'reduce_max' && node.op !== 'reduce_min') return false;
  const { shape } = graph.typeOf(node.inputs[0] as string);
  return node.attrs.axes.some((axis) => !isStatic(shape[axis] as Dim) || shape[axis] === 0);
}

function narrowIndices(node: Node, graph: NewGraph, known: Known): readonly string[] | undefined {
  const position = indexOperands[node.op];
  const indices = position === undefined ? undefined : node.inputs[position];
  if (indices === undefined || !isI64(indices, graph)) return undefined;
  const inputs = node.inputs.map((input, i) => (i === position ? indicesOf(indices, graph, known) : input));
  return graph.emitAll(node.op, inputs, node.attrs, node.name);
}

/** The results of argmax, argmin and topk are i64, but places on an axis. */
function noteIndices(node: Node, graph: NewGraph, { ranges }: Known): void {
  if (node.op !== 'argmax' && node.op !== 'argmin' && node.op !== 'topk') return;
  const indices = node.outputs.at(-1);
  const { shape } = graph.typeOf(node.inputs[0] as string);
  if (indices !== undefined) ranges.set(indices.name, indexRange(shape[node.attrs.axis]));
}

function rangeOf(value: string, graph: NewGraph, { ranges }: Known): Interval | undefined {
  const found = ranges.get(value);
  const data = graph.constantOf(value);
  if (found !== undefined || data === undefined) return found;
  const range = rangeOfData(data);
  if (range === undefined || !fitsI32(range)) return undefined;
  ranges.set(value, range);
  return range;
}

/** The i64 value of an i32 one. */
function widened(twin: string, range: Interval, graph: NewGraph, { ranges, twins }: Known): string {
  const value = graph.emit('cast', [twin], { to: 'i64' }, twin);
  ranges.set(value, range);
  twins.set(value, twin);
  return value;
}

function twinOf(value: string, graph: NewGraph, { twins }: Known): string {
  const known = twins.get(value);
  if (known !== undefined) return known;
  const data = graph.constantOf(value);
  const twin =
    data === undefined ? graph.emit('cast', [value], { to: 'i32' }, value) : graph.constant(toI32(data), value);
  twins.set(value, twin);
  return twin;
}

/** Constants that do not fit are left as they are: to refuse an index is the operator's own business. */
function indicesOf(value: string, graph: NewGraph, known: Known): string {
  const isConstant = graph.constantOf(value) !== undefined;
  return isConstant && rangeOf(value, graph, known) === undefined ? value : twinOf(value, graph, known);
}

function toI32({ shape, data }: TensorData): TensorData {
  const narrowed = newArray('i32', data.length);
  data.forEach((element: number | bigint, i: number) => {
    narrowed[i] = Number(element);
  });
  return { dtype: 'i32', shape, data: narrowed };
}
