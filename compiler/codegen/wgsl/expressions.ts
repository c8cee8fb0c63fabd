import { isFloat } from '../../../ir/dtype.ts';
import { assertNever, invariant, UnsupportedError } from '../../../ir/errors.ts';
import { boundsOf } from '../../../ir/tensor/bounds.ts';
import { cast } from '../../../ir/tensor/build.ts';
import type { Binary, Expr, Load } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { laneOf } from '../lanes.ts';
import type { Polynomial } from '../polynomial.ts';
import { emitBitcast, emitCast, narrow } from './cast.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { literal } from './literal.ts';
import { alignedBase, type Operand } from './operands.ts';
import { emitUnary } from './unary.ts';
import { components, LANES, scalarType, storedType, vectorOf } from './value-type.ts';

export const component = (vector: string, lane: number): string => `${vector}.${components[lane] ?? 'x'}`;

/** The text of an expression. One that is not a name, a number or a call stands in parentheses where it is an operand. */
export function emitExpr(k: KernelContext, expr: Expr): string {
  const lanes = lanesOf(expr);
  switch (expr.kind) {
    case 'const':
      return literal(k, expr.dtype, expr.value);
    case 'var':
      return k.nameOf(expr.name);
    case 'load':
      return emitLoad(k, expr);
    case 'unary': {
      const value = emitUnary(k, expr.op, expr.operand.dtype, operand(k, expr.operand), lanes);
      return expr.op === 'isnan' ? value : narrow(k, expr.dtype, value, lanes);
    }
    case 'binary':
      return emitBinary(k, expr);
    case 'select':
      return `select(${emitExpr(k, expr.else)}, ${emitExpr(k, expr.then)}, ${emitExpr(k, expr.cond)})`;
    case 'cast':
      return emitCast(k, expr.operand.dtype, expr.dtype, operand(k, expr.operand), lanes);
    case 'bitcast':
      return emitBitcast(expr.operand.dtype, expr.dtype, emitExpr(k, expr.operand), lanes, k.func.name);
    case 'ramp':
      return `${vectorOf(scalarType(expr.dtype, k.func.name), lanes)}(${emitExpr(k, expr.base)}) + ${vectorOf(scalarType(expr.dtype, k.func.name), lanes)}(0, 1, 2, 3)`;
    case 'broadcast':
      return `${vectorOf(scalarType(expr.dtype, k.func.name), lanes)}(${emitExpr(k, expr.value)})`;
    case 'extract':
      return expr.vector.kind === 'var'
        ? component(k.nameOf(expr.vector.name), expr.lane)
        : emitExpr(k, laneOf(expr.vector, expr.lane));
    case 'dot':
      throw new UnsupportedError([`a dot of 16-bit integers on WebGPU, in kernel ${k.func.name}`]);
    default:
      return assertNever(expr);
  }
}

/** An expression as a part of another one. */
export function operand(k: KernelContext, expr: Expr): string {
  const text = emitExpr(k, expr);
  return isAtom(text) ? text : `(${text})`;
}

/** A name, a number, a call or an element: what needs no parentheses around. */
function isAtom(text: string): boolean {
  if (/^[\w.]+$/.test(text)) return true;
  const [head] = /^[\w<>]+(?=[([])/.exec(text) ?? [];
  if (head === undefined) return false;
  let depth = 0;
  for (let at = head.length; at < text.length; at++) {
    const character = text[at] as string;
    if ('(['.includes(character)) depth++;
    else if (')]'.includes(character)) depth--;
    else if (depth === 0 && !/[\w.]/.test(character)) return false;
  }
  return true;
}

const infix: Readonly<Partial<Record<Binary['op'], string>>> = {
  add: '+',
  sub: '-',
  mul: '*',
  and: '&',
  or: '|',
  xor: '!=',
  bitand: '&',
  bitor: '|',
  bitxor: '^',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

function emitBinary(k: KernelContext, expr: Binary): string {
  const { op, left, right } = expr;
  if (left.dtype === 'bool' && isOrdering(op))
    return emitBinary(k, { ...expr, left: cast(left, 'u32'), right: cast(right, 'u32') });
  const [a, b] = [operand(k, left), operand(k, right)];
  // Not `a != b`: drivers compare so that it is false of a NaN.
  if (op === 'ne' && isFloat(left.dtype)) return `!(${a} == ${b})`;
  const symbol = infix[op];
  if (symbol !== undefined)
    return expr.dtype === 'bool' ? `${a} ${symbol} ${b}` : narrow(k, expr.dtype, `${a} ${symbol} ${b}`, lanesOf(expr));
  const value = isFloat(left.dtype) ? floatFunction(k, expr, a, b) : integerFunction(k, expr, a, b);
  return op === 'min' || op === 'max' ? value : narrow(k, expr.dtype, value, lanesOf(expr));
}

const isOrdering = (op: Binary['op']): boolean => op === 'lt' || op === 'le' || op === 'gt' || op === 'ge';

/** The number that all lanes of an expression are, where that is known. */
function constantOf(expr: Expr): number | undefined {
  if (expr.kind === 'broadcast') return constantOf(expr.value);
  return expr.kind === 'const' ? Number(expr.value) : undefined;
}

function floatFunction(k: KernelContext, { op, left, right }: Binary, a: string, b: string): string {
  const lanes = lanesOf(left);
  switch (op) {
    case 'div':
      // What a compiler makes of a constant zero is anything.
      return constantOf(right) === 0 ? `${a} * ${infinityLike(k, constantOf(right) as number)}` : `${a} / ${b}`;
    case 'min':
    case 'max':
      return callHelper(k, `${op}_f32`, [a, b], lanes);
    case 'mod':
    case 'floordiv':
    case 'floormod':
      return callHelper(k, `${op}_f32`, [a, b], lanes);
    default:
      throw new UnsupportedError([`${op} on ${left.dtype} on WebGPU, in kernel ${k.func.name}`]);
  }
}

const infinityLike = (k: KernelContext, zero: number): string =>
  literal(k, 'f32', Object.is(zero, -0) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);

/** Functions, division and shifts of integers, by their operator where that means the same for these operands. */
function integerFunction(k: KernelContext, { op, left, right }: Binary, a: string, b: string): string {
  const type = scalarType(left.dtype, k.func.name) === 'u32' ? 'u32' : 'i32';
  const [lanes, number] = [lanesOf(left), constantOf(right) ?? 0];
  switch (op) {
    case 'min':
    case 'max':
      return `${op}(${a}, ${b})`;
    case 'shl':
    case 'shr':
      if (constantOf(right) === undefined || number < 0 || number > 31) break;
      return `${a} ${op === 'shl' ? '<<' : '>>'} ${lanes === 1 ? `${number}u` : `${vectorOf('u32', lanes)}(${number}u)`}`;
    case 'div':
    case 'mod':
    case 'floordiv':
    case 'floormod': {
      const truncates = op === 'div' || op === 'mod' || type === 'u32';
      if (number > 0 && (truncates || (lanes === 1 && boundsOf(left, k.variables.ranges).min >= 0)))
        return `${a} ${op === 'div' || op === 'floordiv' ? '/' : '%'} ${b}`;
      break;
    }
    case 'pow':
      break;
    default:
      invariant(false, `${k.func.name}: ${op} is defined on ${left.dtype}`);
  }
  return callHelper(k, `${op}_${type}`, [a, b], lanes);
}

const operandOf = (k: KernelContext, buffer: string): Operand => {
  const found = k.operands.get(buffer);
  invariant(found !== undefined, `${k.func.name}: no buffer is called ${buffer}`);
  return found;
};

function emitLoad(k: KernelContext, { buffer, indices, dtype }: Load): string {
  const [index] = indices;
  invariant(index !== undefined && indices.length === 1, `${k.func.name}: ${buffer} is loaded by one index`);
  const source = operandOf(k, buffer);
  const type = scalarType(dtype, k.func.name);
  const value = (stored: string, lanes: number): string =>
    type === 'bool' ? `${stored} != ${vectorOf('u32', lanes)}(0u)` : stored;
  if (lanesOf(index) === 1) return value(elementOf(k, source, index), 1);
  if (index.kind === 'ramp') {
    const quarter = vectorPlace(k, source, index.base);
    if (quarter !== undefined) return value(`${k.nameOf(buffer)}[${quarter}]`, LANES);
  }
  const lanes = Array.from({ length: LANES }, (_, lane) => elementOf(k, source, laneOf(index, lane)));
  return value(`${vectorOf(storedType(type), LANES)}(${lanes.join(', ')})`, LANES);
}

/** An element of a buffer, of whatever it is an array. */
function elementOf(k: KernelContext, { buffer, isOfVectors }: Operand, index: Expr): string {
  const name = k.nameOf(buffer.name);
  if (!isOfVectors) return `${name}[${emitExpr(k, index)}]`;
  const place = operand(k, index);
  return `${name}[${place} / ${LANES}][${place} % ${LANES}]`;
}

/** Which vector of an array of vectors begins at an element. */
export function vectorPlace(k: KernelContext, { isOfVectors }: Operand, base: Expr): string | undefined {
  const quarter = isOfVectors ? alignedBase(base, k.variables) : undefined;
  return quarter === undefined ? undefined : emitPolynomial(k, quarter);
}

function emitPolynomial(k: KernelContext, { constant, monomials }: Polynomial): string {
  const terms = [...monomials.values()].map(({ coefficient, atoms }) => {
    const factors = atoms.map(({ expr }) => operand(k, expr));
    return [...factors, ...(coefficient === 1 ? [] : [String(coefficient)])].join(' * ');
  });
  return [...terms, ...(constant === 0 && terms.length > 0 ? [] : [String(constant)])].join(' + ');
}
