import type { DType } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';
import type { Interval } from './narrow-integers/interval.ts';
import { fitsI32 } from './narrow-integers/interval.ts';
import { rangeOfData, rangeOfDType, rangeOfResult } from './narrow-integers/ranges.ts';
import { depthOf, isProduct, type Product } from './product-depth.ts';
import { type NewGraph, rebuild } from './rebuild.ts';

/**
 * Lets products of 32-bit integers read their factors in 16 bits or 8 where the range of both is known to fit, as it is
 * of quantized tensors, zero points taken off: kernels widen elements as they read them, add two products of 16 bits at a
 * time, and read a half or a quarter of the bytes. What is no constant of the left factor has 16 bits, unless `inBytes` says
 * otherwise: each of its elements is read for many columns, and widening takes an instruction beside the load. Zeros make an
 * odd depth even.
 *
 *   matmul(sub(cast(x: u8), z: i32), w: i32)  →  matmul(cast(cast(sub(…), i16), i32), cast(w: i8, i32))
 *
 * Products whose steps are no neighbours in memory, or of few columns, are left as they are (`product-depth.ts`).
 */
export function narrowProducts(graph: Graph, inBytes = false): Graph {
  const known: Known = { ranges: new Map(), rows: new Map(), others: new Map(), inBytes };
  return rebuild(graph, (node, next) => {
    const depth = isProduct(node) ? depthOf(node, (value) => next.typeOf(value)) : undefined;
    if (!isProduct(node) || depth === undefined || depth < 2) return undefined;
    const factors = node.inputs as readonly [string, string];
    const areNarrow = factors.every((input) => isWide(input, next) && narrowestOf(rangeOf(input, next, known)));
    if (!areNarrow) return undefined;
    const inputs = factors.map((input, at) => {
      const twin = narrowed(input, next, known, at === 0);
      const even = depth % 2 === 0 ? twin : withZeros(twin, next, depthAxis(node, next, at));
      return next.emit('cast', [even], { to: 'i32' }, input);
    });
    return [next.emit(node.op, inputs, node.attrs, node.name)];
  });
}

interface Known {
  readonly ranges: Map<string, Interval | undefined>;
  /** What stands for a value that is a left factor, and for any other: a value that several products read is narrowed once. */
  readonly rows: Map<string, string>;
  readonly others: Map<string, string>;
  /** Whether left factors may have 8 bits. */
  readonly inBytes: boolean;
}

/** The axis of a factor along which products are summed up. */
function depthAxis(node: Product, graph: NewGraph, at: number): number {
  const last = graph.typeOf(node.inputs[at] as string).shape.length - 1;
  if (at === 0) return last;
  return node.op === 'conv' ? 1 : node.attrs.transB ? last : last - 1;
}

/** A value with zeros after the end of an axis. What is padded already is padded once. */
function withZeros(value: string, graph: NewGraph, axis: number): string {
  const { dtype, shape } = graph.typeOf(value);
  const one = shape.map((_, i) => (i === axis ? 1 : 0));
  const none = shape.map(() => 0);
  const data = graph.constantOf(value);
  const zero: TensorData = { dtype, shape: [], data: newArray(dtype, 1) };
  const attrs = { before: none, after: one, mode: 'constant' } as const;
  if (data !== undefined) {
    const [padded] = evaluateNode({ op: 'pad', attrs }, [data, zero]);
    return padded === undefined ? value : graph.constant(padded, value);
  }
  const node = graph.producerOf(value);
  const [inside, filling] = node?.inputs ?? [];
  if (node?.op === 'pad' && inside !== undefined && isZero(graph.constantOf(filling ?? ''))) {
    const after = node.attrs.after.map((width, i) => width + (one[i] as number));
    return graph.emit('pad', [inside, graph.constant(zero, value)], { ...node.attrs, after }, value);
  }
  return graph.emit('pad', [value, graph.constant(zero, value)], attrs, value);
}

const isZero = (filling: TensorData | undefined): boolean => filling !== undefined && Number(filling.data[0]) === 0;

/** The smallest first. */
const narrowDTypes: readonly DType[] = ['i8', 'u8', 'i16'];

const isWide = (value: string, graph: NewGraph): boolean => graph.typeOf(value).dtype === 'i32';

const fits = ({ min, max }: Interval, dtype: DType): boolean => {
  const range = rangeOfDType(dtype);
  return range !== undefined && min >= range.min && max <= range.max;
};

const narrowestOf = (range: Interval | undefined): DType | undefined =>
  range && narrowDTypes.find((dtype) => fits(range, dtype));

/** The range of an integer value, if it is known to be one of i32. */
function rangeOf(value: string, graph: NewGraph, known: Known): Interval | undefined {
  if (known.ranges.has(value)) return known.ranges.get(value);
  const found = findRange(value, graph, known);
  const range = found !== undefined && fitsI32(found) ? found : undefined;
  known.ranges.set(value, range);
  return range;
}

function findRange(value: string, graph: NewGraph, known: Known): Interval | undefined {
  const { dtype } = graph.typeOf(value);
  const [data, node] = [graph.constantOf(value), graph.producerOf(value)];
  if (dtype !== 'i32') return rangeOfDType(dtype);
  if (data !== undefined) return rangeOfData(data);
  if (node === undefined) return undefined;
  if (node.op === 'cast') return rangeOf(node.inputs[0] as string, graph, known);
  const operands = node.inputs.map((input) => rangeOf(input, graph, known));
  return rangeOfResult(node, operands, []);
}

/** A value of a narrow dtype that is equal to one of i32 whose range fits. Movement is done on the narrow one. */
function narrowed(value: string, graph: NewGraph, known: Known, isLeft: boolean): string {
  const twins = isLeft ? known.rows : known.others;
  const twin = twins.get(value) ?? narrow(value, graph, known, isLeft);
  twins.set(value, twin);
  return twin;
}

function narrow(value: string, graph: NewGraph, known: Known, isLeft: boolean): string {
  const [data, node] = [graph.constantOf(value), graph.producerOf(value)];
  if (data !== undefined) return graph.constant(inNarrow(data, narrowestOf(rangeOfData(data)) ?? 'i16'), value);
  const [source, filling] = node?.inputs ?? [];
  const cast = (): string => {
    const to = known.inBytes ? narrowestOf(rangeOf(value, graph, known)) : undefined;
    return graph.emit('cast', [value], { to: to ?? 'i16' }, value);
  };
  if (node === undefined || source === undefined) return cast();
  switch (node.op) {
    case 'cast':
      if (!narrowDTypes.includes(graph.typeOf(source).dtype)) break;
      return isLeft && !known.inBytes ? inHalves(source, graph) : source;
    case 'reshape':
    case 'transpose':
    case 'slice':
    case 'broadcast_to':
      return graph.emit(node.op, [narrowed(source, graph, known, isLeft)], node.attrs, value);
    case 'pad': {
      const [inside, filled] = [narrowed(source, graph, known, isLeft), graph.constantOf(filling ?? '')];
      const { dtype } = graph.typeOf(inside);
      const range = filled && rangeOfData(filled);
      if (filled === undefined || range === undefined || !fits(range, dtype)) break;
      return graph.emit('pad', [inside, graph.constant(inNarrow(filled, dtype), value)], node.attrs, value);
    }
    default:
  }
  return cast();
}

const inHalves = (value: string, graph: NewGraph): string =>
  graph.typeOf(value).dtype === 'i16' ? value : graph.emit('cast', [value], { to: 'i16' }, value);

function inNarrow({ shape, data }: TensorData, dtype: DType): TensorData {
  const elements = newArray(dtype, data.length);
  data.forEach((element: number | bigint, i: number) => {
    elements[i] = Number(element);
  });
  return { dtype, shape, data: elements };
}
