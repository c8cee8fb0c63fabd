import { isStatic } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import type { Graph, Node, NodeOf } from '../../ir/graph/graph.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';
import type { Interval } from './narrow-integers/interval.ts';
import { fitsI32 } from './narrow-integers/interval.ts';
import { rangeOfData, rangeOfDType, rangeOfResult } from './narrow-integers/ranges.ts';
import { type NewGraph, rebuild } from './rebuild.ts';

/**
 * Lets products of 32-bit integers read their factors in 16 bits or 8 where the range of both is known to fit, as it is
 * of quantized tensors, zero points taken off: kernels widen elements as they read them, add two products of 16 bits at a
 * time, and read a half or a quarter of the bytes.
 *
 *   matmul(sub(cast(x: u8), z: i32), w: i32)  →  matmul(cast(cast(sub(…), i16), i32), cast(w: i8, i32))
 *
 * Where a product's depth is odd, or its steps are no neighbours in memory, pairs would not come together.
 */
export function narrowProducts(graph: Graph): Graph {
  const ranges = new Map<string, Interval | undefined>();
  return rebuild(graph, (node, next) => {
    if (!isProduct(node) || !hasPairs(node, next)) return undefined;
    const fits = node.inputs.every((input) => isWide(input, next) && narrowestOf(rangeOf(input, next, ranges)));
    if (!fits) return undefined;
    const inputs = node.inputs.map((input) => next.emit('cast', [narrowed(input, next)], { to: 'i32' }, input));
    return [next.emit(node.op, inputs, node.attrs, node.name)];
  });
}

type Product = NodeOf<'matmul'> | NodeOf<'conv'>;

const isProduct = (node: Node): node is Product => node.op === 'matmul' || node.op === 'conv';

function hasPairs(node: Product, graph: NewGraph): boolean {
  const [x, w] = node.inputs.map((input) => graph.typeOf(input).shape);
  const isAlongMemory =
    node.op === 'matmul' ? !node.attrs.transA : node.attrs.channels === 'last' && node.attrs.groups === 1;
  const depth = node.op === 'matmul' ? x?.at(-1) : w?.[1];
  return isAlongMemory && depth !== undefined && isStatic(depth) && depth % 2 === 0;
}

/** The narrow dtypes, the smallest first. */
const narrow: readonly DType[] = ['i8', 'u8', 'i16'];

const isWide = (value: string, graph: NewGraph): boolean => graph.typeOf(value).dtype === 'i32';

const fits = ({ min, max }: Interval, dtype: DType): boolean => {
  const range = rangeOfDType(dtype);
  return range !== undefined && min >= range.min && max <= range.max;
};

const narrowestOf = (range: Interval | undefined): DType | undefined =>
  range && narrow.find((dtype) => fits(range, dtype));

/** The range of an integer value, if it is known to be one of i32. */
function rangeOf(value: string, graph: NewGraph, known: Map<string, Interval | undefined>): Interval | undefined {
  if (known.has(value)) return known.get(value);
  const found = findRange(value, graph, known);
  const range = found !== undefined && fitsI32(found) ? found : undefined;
  known.set(value, range);
  return range;
}

function findRange(value: string, graph: NewGraph, known: Map<string, Interval | undefined>): Interval | undefined {
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
function narrowed(value: string, graph: NewGraph): string {
  const [data, node] = [graph.constantOf(value), graph.producerOf(value)];
  if (data !== undefined) return graph.constant(inNarrow(data, narrowestOf(rangeOfData(data)) ?? 'i16'), value);
  switch (node?.op) {
    case 'cast': {
      const [source] = node.inputs as readonly [string];
      if (narrow.includes(graph.typeOf(source).dtype)) return source;
      break;
    }
    case 'reshape':
    case 'transpose':
    case 'slice':
    case 'broadcast_to': {
      const [source] = node.inputs as readonly [string];
      return graph.emit(node.op, [narrowed(source, graph)], node.attrs, value);
    }
    case 'pad': {
      const [source, filling] = node.inputs as readonly [string, string];
      const [inside, filled] = [narrowed(source, graph), graph.constantOf(filling)];
      const { dtype } = graph.typeOf(inside);
      const range = filled && rangeOfData(filled);
      if (filled === undefined || range === undefined || !fits(range, dtype)) break;
      return graph.emit('pad', [inside, graph.constant(inNarrow(filled, dtype), filling)], node.attrs, value);
    }
    default:
  }
  return graph.emit('cast', [value], { to: 'i16' }, value);
}

function inNarrow({ shape, data }: TensorData, dtype: DType): TensorData {
  const elements = newArray(dtype, data.length);
  data.forEach((element: number | bigint, i: number) => {
    elements[i] = Number(element);
  });
  return { dtype, shape, data: elements };
}
