import { isFloat } from '../../../ir/dtype.ts';
import type { BinaryOp, UnaryOp } from '../../../ir/scalar.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { rankOf, widened } from './axes.ts';

const unary = (op: UnaryOp): OnnxOpRow => row((node, g) => g.unary(op, node.input(0)));

/** Before opset 7 an operand was repeated only where `broadcast` says so, aligned at `axis`. */
const legacyBroadcast = ['axis', 'broadcast'];

function secondOperand(node: OnnxNode, g: Writer): Operand {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.opset >= 7)
    return node.has('axis') || node.has('broadcast') ? node.fail('attributes of an opset before 7') : b;
  if (node.int('broadcast', 0) === 0 || !node.has('axis')) return b;
  const axis = node.int('axis');
  const trailing = rankOf(a) - (axis < 0 ? axis + rankOf(a) : axis) - rankOf(b);
  return g.reshape(b, [...b.type.shape, ...Array.from({ length: trailing }, () => 1)]);
}

const binary = (op: BinaryOp): OnnxOpRow =>
  row((node, g) => g.binary(op, node.input(0), secondOperand(node, g)), { attributes: legacyBroadcast });

const plainBinary = (op: BinaryOp): OnnxOpRow => row((node, g) => g.binary(op, node.input(0), node.input(1)));

const variadic = (op: BinaryOp): OnnxOpRow => row((node, g) => node.variadic().reduce((a, b) => g.binary(op, a, b)));

/** The exponent may have another dtype; the result has the base's. */
function pow(node: OnnxNode, g: Writer): Operand {
  const base = node.input(0);
  const exponent = secondOperand(node, g);
  const dtype = base.type.dtype;
  if (exponent.type.dtype === dtype || isFloat(dtype))
    return widened(g, base, (x) => g.binary('pow', x, g.cast(exponent, x.type.dtype)));
  if (isFloat(exponent.type.dtype)) return g.cast(g.binary('pow', g.cast(base, 'f64'), g.cast(exponent, 'f64')), dtype);
  return g.binary('pow', base, g.cast(exponent, dtype));
}

function mod(node: OnnxNode, g: Writer): Operand {
  const truncates = node.int('fmod', 0) === 1;
  const [a, b] = [node.input(0), node.input(1)];
  if (!truncates && isFloat(a.type.dtype)) node.fail('fmod = 0 on floats');
  return g.binary(truncates ? 'mod' : 'floormod', a, b);
}

function clip(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  if (node.opset < 11) {
    const above = node.has('min') ? g.max(x, node.float('min')) : x;
    return node.has('max') ? g.min(above, node.float('max')) : above;
  }
  const [low, high] = [node.optional(1), node.optional(2)];
  const above = low ? g.max(x, low) : x;
  return high ? g.min(above, high) : above;
}

function isInf(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const is = (value: number) => g.binary('eq', x, value);
  const positive = node.int('detect_positive', 1) === 1;
  const negative = node.int('detect_negative', 1) === 1;
  if (positive && negative) return g.binary('or', is(Number.POSITIVE_INFINITY), is(Number.NEGATIVE_INFINITY));
  if (positive) return is(Number.POSITIVE_INFINITY);
  return negative ? is(Number.NEGATIVE_INFINITY) : g.broadcastTo(g.scalar('bool', 0), x.type.shape);
}

function bitShift(node: OnnxNode, g: Writer): Operand {
  const direction = node.string('direction');
  if (direction !== 'LEFT' && direction !== 'RIGHT') return node.fail(`direction ${direction}`);
  return g.binary(direction === 'LEFT' ? 'shl' : 'shr', node.input(0), node.input(1));
}

/** The operators that the scalar operations are: one element of each operand to one element of the result. */
export const mathOps: OnnxOpRows = {
  Abs: unary('abs'),
  Acos: unary('acos'),
  Acosh: unary('acosh'),
  Asin: unary('asin'),
  Asinh: unary('asinh'),
  Atan: unary('atan'),
  Atanh: unary('atanh'),
  BitwiseNot: unary('bitnot'),
  Ceil: unary('ceil'),
  Cos: unary('cos'),
  Cosh: unary('cosh'),
  Erf: unary('erf'),
  Exp: unary('exp'),
  Floor: unary('floor'),
  IsNaN: unary('isnan'),
  Log: unary('log'),
  Neg: unary('neg'),
  Not: unary('not'),
  Reciprocal: row((node, g) => g.div(1, node.input(0))),
  Round: unary('round'),
  Sigmoid: row((node, g) => widened(g, node.input(0), (x) => g.unary('sigmoid', x))),
  Sign: unary('sign'),
  Sin: unary('sin'),
  Sinh: unary('sinh'),
  Sqrt: unary('sqrt'),
  Tan: unary('tan'),
  Tanh: unary('tanh'),

  Add: binary('add'),
  And: binary('and'),
  BitShift: row(bitShift, { attributes: ['direction'] }),
  BitwiseAnd: plainBinary('bitand'),
  BitwiseOr: plainBinary('bitor'),
  BitwiseXor: plainBinary('bitxor'),
  Div: binary('div'),
  Equal: binary('eq'),
  Greater: binary('gt'),
  GreaterOrEqual: plainBinary('ge'),
  Less: binary('lt'),
  LessOrEqual: plainBinary('le'),
  Mod: row(mod, { attributes: ['fmod'] }),
  Mul: binary('mul'),
  Or: binary('or'),
  Pow: row(pow, { attributes: legacyBroadcast }),
  Sub: binary('sub'),
  Xor: binary('xor'),

  Max: variadic('max'),
  Mean: row((node, g) =>
    g.div(
      node.variadic().reduce((a, b) => g.add(a, b)),
      node.inputs.length,
    ),
  ),
  Min: variadic('min'),
  Sum: variadic('add'),

  Clip: row(clip, { attributes: ['min', 'max'] }),
  IsInf: row(isInf, { attributes: ['detect_negative', 'detect_positive'] }),
  Where: row((node, g) => g.select(node.input(0), node.input(1), node.input(2))),
};
