import { isStatic, shapeEquals } from '../../ir/dim.ts';
import type { Graph, Node, NodeOf, TensorType } from '../../ir/graph/graph.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { elementAt, numbersOf, tensorOf } from './constant-values.ts';
import { type NewGraph, rebuild } from './rebuild.ts';

/**
 * Constants that act on each output channel of a convolution, or on each column of a matmul, with constant weights:
 *
 *   conv(x, w) · s        → conv(x, w·s)             (conv(x, w) + b) · s → conv(x, w·s) + b·s
 *   conv(x, w) / s        → conv(x, w·(1/s))         (conv(x, w) + b) + c → conv(x, w) + (b + c)
 *
 * What an imported BatchNormalization leaves is folded this way. Results differ by rounding.
 */
export function foldScaleIntoConv(graph: Graph): Graph {
  const next = rebuild(graph, fold);
  return next === graph ? graph : foldScaleIntoConv(next);
}

type Contraction = NodeOf<'conv'> | NodeOf<'matmul'>;

/** `contraction(x, weights) + bias`, which nothing else reads a part of. */
interface Affine {
  readonly contraction: Contraction;
  readonly weights: TensorData;
  readonly bias?: readonly number[];
}

function fold(node: Node, graph: NewGraph): readonly string[] | undefined {
  if (node.op !== 'mul' && node.op !== 'div' && node.op !== 'add' && node.op !== 'sub') return undefined;
  const [x, c] = operandAndConstant(node, graph);
  const affine = x === undefined ? undefined : affineOf(x, graph);
  const data = c === undefined ? undefined : graph.constantOf(c);
  if (affine === undefined || data === undefined) return undefined;
  const type = channelsOf(affine.contraction);
  if (type === undefined || !shapeEquals(type.result.shape, node.outputs[0]?.type.shape ?? [])) return undefined;
  const values = perChannel(data, type);
  if (values === undefined || !values.every(Number.isFinite)) return undefined;
  const folded =
    node.op === 'mul' || node.op === 'div'
      ? scaled(affine, inverted(node, values))
      : shifted(affine, negated(node, values));
  return folded === undefined ? undefined : [emit(folded, affine, type, graph, node.name)];
}

const inverted = (node: Node, values: readonly number[]): readonly number[] =>
  node.op === 'div' ? values.map((value) => 1 / value) : values;

const negated = (node: Node, values: readonly number[]): readonly number[] =>
  node.op === 'sub' ? values.map((value) => -value) : values;

/** The operand that is not constant, then the one that is. Subtraction and division have theirs at the right. */
function operandAndConstant(node: Node, graph: NewGraph): readonly (string | undefined)[] {
  const [a, b] = node.inputs;
  if (b !== undefined && graph.constantOf(b) !== undefined) return [a, b];
  const commutes = node.op === 'mul' || node.op === 'add';
  return commutes && a !== undefined && graph.constantOf(a) !== undefined ? [b, a] : [];
}

function affineOf(value: string, graph: NewGraph): Affine | undefined {
  const node = graph.producerOf(value);
  if (node === undefined || graph.usesOf(value) !== 1) return undefined;
  if (node.op === 'conv' || node.op === 'matmul') {
    const weights = graph.constantOf(node.inputs[1] ?? '');
    return weights === undefined ? undefined : { contraction: node, weights };
  }
  if (node.op !== 'add') return undefined;
  const [x, c] = operandAndConstant(node, graph);
  const inner = x === undefined ? undefined : affineOf(x, graph);
  const data = c === undefined ? undefined : graph.constantOf(c);
  const type = inner === undefined ? undefined : channelsOf(inner.contraction);
  if (inner === undefined || inner.bias !== undefined || type === undefined || data === undefined) return undefined;
  const bias = perChannel(data, type);
  return bias === undefined ? undefined : { ...inner, bias };
}

interface Channels {
  readonly result: TensorType;
  /** The axis of the result that counts channels, and their number. */
  readonly axis: number;
  readonly count: number;
}

function channelsOf(node: Contraction): Channels | undefined {
  const result = node.outputs[0]?.type;
  if (result === undefined || (result.dtype !== 'f32' && result.dtype !== 'f64')) return undefined;
  const axis = node.op === 'conv' && node.attrs.channels === 'first' ? 1 : result.shape.length - 1;
  const count = result.shape[axis];
  if (count === undefined || !isStatic(count)) return undefined;
  return { result, axis, count };
}

/** The constant's value for each channel, where it is the same for all elements of a channel. */
function perChannel(data: TensorData, { result, axis, count }: Channels): readonly number[] | undefined {
  const skipped = result.shape.length - data.shape.length;
  if (skipped < 0 || data.shape.some((dim, i) => dim !== 1 && i + skipped !== axis)) return undefined;
  const single = elementCount(data.shape) === 1;
  return Array.from({ length: count }, (_, channel) => Number(elementAt(data, single ? 0 : channel)));
}

function scaled(affine: Affine, factors: readonly number[]): Affine | undefined {
  if (!factors.every(Number.isFinite)) return undefined;
  const axis = weightAxis(affine);
  const { shape, dtype } = affine.weights;
  const inner = elementCount(shape.slice(axis + 1));
  const values = numbersOf(affine.weights);
  for (let start = 0, row = 0; start < values.length; start += inner, row++) {
    const factor = factors[row % factors.length] ?? 1;
    for (let i = start; i < start + inner; i++) values[i] = (values[i] as number) * factor;
  }
  const weights = tensorOf(dtype, shape, values);
  const bias = affine.bias?.map((value, channel) => value * (factors[channel] ?? 1));
  return { contraction: affine.contraction, weights, ...(bias === undefined ? {} : { bias }) };
}

function weightAxis({ contraction, weights }: Affine): number {
  if (contraction.op === 'conv') return 0;
  return weights.shape.length - (contraction.attrs.transB ? 2 : 1);
}

function shifted(affine: Affine, shifts: readonly number[]): Affine | undefined {
  if (affine.bias === undefined) return undefined;
  return { ...affine, bias: affine.bias.map((value, channel) => value + (shifts[channel] ?? 0)) };
}

function emit(folded: Affine, old: Affine, channels: Channels, graph: NewGraph, near: string): string {
  const { contraction, weights, bias } = folded;
  const { result, axis, count } = channels;
  const [x, w] = contraction.inputs as readonly [string, string];
  const inputs = [x, weights === old.weights ? w : graph.constant(weights, w)];
  const product =
    weights === old.weights ? (contraction.outputs[0]?.name ?? '') : emitContraction(contraction, inputs, graph);
  if (bias === undefined) return product;
  const shape = result.shape.slice(axis).map((_, i) => (i === 0 ? count : 1));
  return graph.emit('add', [product, graph.constant(tensorOf(result.dtype, shape, bias), `${near}.bias`)], {}, near);
}

function emitContraction(node: Contraction, inputs: readonly string[], graph: NewGraph): string {
  if (node.op === 'conv') return graph.emit('conv', inputs, node.attrs, node.name);
  return graph.emit('matmul', inputs, node.attrs, node.name);
}
