import { type Dim, multiplyDims } from '../../../ir/dim.ts';
import { type DType, dtypeTable } from '../../../ir/dtype.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, range, rankOf } from './axes.ts';
import { convolutionAttributes, convolve } from './convolution.ts';
import { matmul } from './matmul.ts';
import { channelShape } from './spatial.ts';

/** A scale or zero point in the operand's shape: one for all, one a slice of the axis, or one a block of it. */
function alongAxis(node: OnnxNode, g: Writer, parameter: Operand, x: Operand): Operand {
  if (rankOf(parameter) === 0 || (rankOf(parameter) === 1 && parameter.type.shape[0] === 1))
    return g.reshape(parameter, []);
  const axis = axisOf(node, node.int('axis', 1), rankOf(x));
  const block = node.int('block_size', 0);
  if (block === 0)
    return g.reshape(
      parameter,
      x.type.shape.map((_, i) => (i === axis ? (parameter.type.shape[0] as Dim) : 1)),
    );
  const { shape } = parameter.type;
  const [before, count, after] = [shape.slice(0, axis), shape[axis] as Dim, shape.slice(axis + 1)];
  const repeated = g.broadcastTo(g.reshape(parameter, [...before, count, 1, ...after]), [
    ...before,
    count,
    block,
    ...after,
  ]);
  const whole = g.reshape(repeated, [
    ...before,
    multiplyDims(count, block) ?? node.refuse('symbolic blocks'),
    ...after,
  ]);
  const size = x.type.shape[axis] as Dim;
  return g.sliceAxis(whole, axis, 0, size);
}

/** saturate(round(x / scale) + zero point), ties to even. */
function quantized(g: Writer, scaled: Operand, zeroPoint: Operand | undefined, dtype: DType): Operand {
  const { bytes, kind } = dtypeTable[dtype];
  const [low, high] = kind === 'int' ? [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1] : [0, 2 ** (8 * bytes) - 1];
  const rounded = g.unary('round', scaled);
  const shifted = zeroPoint === undefined ? rounded : g.add(rounded, g.cast(zeroPoint, scaled.type.dtype));
  return g.cast(g.min(g.max(shifted, low), high), dtype);
}

function smallInteger(node: OnnxNode, dtype: DType): DType {
  return dtypeTable[dtype].kind !== 'float' && dtypeTable[dtype].bytes <= 2 && dtype !== 'bool'
    ? dtype
    : node.refuse(`quantized dtype ${dtype}`);
}

function quantizeLinear(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const zeroPoint = node.optional(2);
  const dtype = smallInteger(node, zeroPoint?.type.dtype ?? outputType(node) ?? 'u8');
  const wide = g.cast(x, 'f32');
  const scale = alongAxis(node, g, g.cast(node.input(1), 'f32'), x);
  return quantized(g, g.div(wide, scale), zeroPoint && alongAxis(node, g, zeroPoint, x), dtype);
}

/** The dtype that the node asks for; 0 leaves it to the operands. */
function outputType(node: OnnxNode): DType | undefined {
  if (node.int('precision', 0) !== 0) node.refuse('attribute precision');
  return node.int('output_dtype', 0) === 0 ? undefined : node.dtype('output_dtype');
}

function dequantizeLinear(node: OnnxNode, g: Writer): Operand {
  const [x, scale] = [node.input(0), node.input(1)];
  const zeroPoint = node.optional(2);
  const wide = g.cast(x, 'f32');
  const centred = zeroPoint ? g.sub(wide, g.cast(alongAxis(node, g, zeroPoint, x), 'f32')) : wide;
  const y = g.mul(centred, g.cast(alongAxis(node, g, scale, x), 'f32'));
  return g.cast(y, outputType(node) ?? scale.type.dtype);
}

/** To u8, over the range of the operand and 0. */
function dynamicQuantizeLinear(node: OnnxNode, g: Writer): readonly Operand[] {
  const x = node.input(0);
  const all = range(0, rankOf(x));
  const low = g.min(g.reduce('min', x, all, false), 0);
  const high = g.max(g.reduce('max', x, all, false), 0);
  const step = g.div(g.sub(high, low), 255);
  const scale = g.select(g.binary('eq', step, 0), 1, step);
  const zeroPoint = quantized(g, g.div(g.unary('neg', low), scale), undefined, 'u8');
  return [quantized(g, g.div(x, scale), zeroPoint, 'u8'), scale, zeroPoint];
}

/** The operand as i32 with its zero point taken off, which may be one a row or column. */
function centred(g: Writer, x: Operand, zeroPoint: Operand | undefined, spread: (vector: Operand) => Operand): Operand {
  const wide = g.cast(x, 'i32');
  return zeroPoint === undefined ? wide : g.sub(wide, g.cast(spread(zeroPoint), 'i32'));
}

/** A vector with an element a row: one more axis at its end, for the columns. */
const aRow = (g: Writer) => (vector: Operand) =>
  rankOf(vector) === 1 && vector.type.shape[0] !== 1
    ? g.reshape(vector, [...vector.type.shape, 1])
    : scalarOr(g, vector);
const aColumn = (g: Writer) => (vector: Operand) => scalarOr(g, vector);
const scalarOr = (g: Writer, vector: Operand) =>
  rankOf(vector) === 1 && vector.type.shape[0] === 1 ? g.reshape(vector, []) : vector;

function matMulInteger(node: OnnxNode, g: Writer): Operand {
  const a = centred(g, node.input(0), node.optional(2), aRow(g));
  return matmul(g, a, centred(g, node.input(1), node.optional(3), aColumn(g)));
}

function qLinearMatMul(node: OnnxNode, g: Writer): Operand {
  const a = centred(g, node.input(0), node.input(2), aRow(g));
  const b = centred(g, node.input(3), node.input(5), aColumn(g));
  const scale = (i: number) => g.cast(node.input(i), 'f32');
  const factor = g.div(g.mul(aRow(g)(scale(1)), aColumn(g)(scale(4))), aRow(g)(scale(6)));
  const zeroPoint = node.input(7);
  const product = g.mul(g.cast(matmul(g, a, b), 'f32'), factor);
  return quantized(g, product, aRow(g)(zeroPoint), smallInteger(node, zeroPoint.type.dtype));
}

/** A weight's parameter is one for all output channels or one a channel. */
const aFilter = (g: Writer, weight: Operand) => (vector: Operand) =>
  rankOf(vector) === 1
    ? g.reshape(vector, [vector.type.shape[0] as Dim, ...range(1, rankOf(weight)).map(() => 1)])
    : vector;

function convInteger(node: OnnxNode, g: Writer): Operand {
  const [x, weight] = [node.input(0), node.input(1)];
  return convolve(
    node,
    g,
    centred(g, x, node.optional(2), aColumn(g)),
    centred(g, weight, node.optional(3), aFilter(g, weight)),
  );
}

function qLinearConv(node: OnnxNode, g: Writer): Operand {
  const [x, weight, bias] = [node.input(0), node.input(3), node.optional(8)];
  const sum = convolve(
    node,
    g,
    centred(g, x, node.input(2), aColumn(g)),
    centred(g, weight, node.input(5), aFilter(g, weight)),
  );
  const perChannel = (vector: Operand) =>
    rankOf(vector) === 1 ? g.reshape(vector, channelShape(vector.type.shape[0] as Dim, rankOf(x))) : vector;
  const total = bias ? g.add(sum, perChannel(bias)) : sum;
  const scale = (i: number) => perChannel(g.cast(node.input(i), 'f32'));
  const factor = g.div(g.mul(scale(1), scale(4)), scale(6));
  const zeroPoint = node.input(7);
  return quantized(
    g,
    g.mul(g.cast(total, 'f32'), factor),
    scalarOr(g, zeroPoint),
    smallInteger(node, zeroPoint.type.dtype),
  );
}

const parameters = ['axis', 'block_size', 'output_dtype', 'precision', 'saturate'];

export const quantizationOps: OnnxOpRows = {
  ConvInteger: row(convInteger, { since: 10, attributes: convolutionAttributes }),
  DequantizeLinear: row(dequantizeLinear, { since: 10, attributes: parameters }),
  DynamicQuantizeLinear: { since: 11, import: dynamicQuantizeLinear },
  MatMulInteger: row(matMulInteger, { since: 10 }),
  QLinearConv: row(qLinearConv, { since: 10, attributes: convolutionAttributes }),
  QLinearMatMul: row(qLinearMatMul, { since: 10 }),
  QuantizeLinear: row(quantizeLinear, { since: 10, attributes: parameters }),
};
