import { isFloat } from '../../../ir/dtype.ts';
import { assertNever, invariant, UnsupportedError } from '../../../ir/errors.ts';
import { boundsOf } from '../../../ir/tensor/bounds.ts';
import { cast } from '../../../ir/tensor/build.ts';
import type { Binary, Broadcast, Expr, Load } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { laneOf } from '../lanes.ts';
import { type Polynomial, polynomialOf } from '../polynomial.ts';
import { emitBitcast, emitCast, narrow } from './cast.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { literal } from './literal.ts';
import { isNeverNan } from './never-nan.ts';
import { alignedBase, elementType, type Operand, vectorPlaceOf } from './operands.ts';
import { emitUnary } from './unary.ts';
import { components, LANES, scalarType, vectorOf } from './value-type.ts';

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
export const operand = (k: KernelContext, expr: Expr): string => bound(emitExpr(k, expr), strengths.atom);

/** How tightly what may stand without parentheses in arithmetic and comparisons holds together. */
const strengths = { atom: 3, product: 2, sum: 1, other: 0 } as const;

/** A text as it stands where what is looser than `strength` needs parentheses. */
const bound = (text: string, strength: number): string => (strengthOf(text) < strength ? `(${text})` : text);

/** By the operators outside of all parentheses and brackets; a name, a number, a call or an element has none. */
function strengthOf(text: string): number {
  let [outside, depth] = ['', 0];
  for (const character of text) {
    if (')]'.includes(character)) depth--;
    if (depth === 0) outside += character;
    if ('(['.includes(character)) depth++;
  }
  if (/^[^\w([]/.test(outside)) return strengths.other;
  const operators = (outside.match(/ [^\w ]+ /g) ?? []).map((found) => found.trim());
  return Math.min(strengths.atom, ...operators.map((symbol) => strengthOfSymbol[symbol] ?? strengths.other));
}

const strengthOfSymbol: Readonly<Record<string, number>> = {
  '*': strengths.product,
  '/': strengths.product,
  '%': strengths.product,
  '+': strengths.sum,
  '-': strengths.sum,
};

const comparing: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Two operands and the operator between them, which groups from the left. A vector takes a scalar beside it as it is. */
function emitInfix(k: KernelContext, symbol: string, left: Expr, right: Expr): string {
  const own = strengthOfSymbol[symbol];
  const isSpread = ({ kind }: Expr): boolean => own !== undefined && kind === 'broadcast';
  const [a, b] = [left, right].map((expr, at) =>
    emitExpr(k, isSpread(expr) && !isSpread(at === 0 ? right : left) ? (expr as Broadcast).value : expr),
  ) as [string, string];
  if (comparing.has(symbol)) return `${bound(a, strengths.sum)} ${symbol} ${bound(b, strengths.sum)}`;
  return `${bound(a, own ?? strengths.atom)} ${symbol} ${bound(b, own === undefined ? strengths.atom : own + 1)}`;
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
  // Not `a != b`: drivers compare so that it is false of a NaN.
  if (op === 'ne' && isFloat(left.dtype)) return `!(${emitInfix(k, '==', left, right)})`;
  const symbol = infix[op];
  const value =
    symbol !== undefined
      ? emitInfix(k, symbol, left, right)
      : isFloat(left.dtype)
        ? floatFunction(k, expr)
        : integerFunction(k, expr);
  return op === 'min' || op === 'max' ? value : narrow(k, expr.dtype, value, lanesOf(expr));
}

const isOrdering = (op: Binary['op']): boolean => op === 'lt' || op === 'le' || op === 'gt' || op === 'ge';

/** The number that all lanes of an expression are, where that is known. */
function constantOf(expr: Expr): number | undefined {
  if (expr.kind === 'broadcast') return constantOf(expr.value);
  return expr.kind === 'const' ? Number(expr.value) : undefined;
}

function floatFunction(k: KernelContext, expr: Binary): string {
  const { op, left, right } = expr;
  const zero = op === 'div' ? constantOf(right) : undefined;
  switch (op) {
    case 'div':
      // What a compiler makes of a constant zero is anything.
      return zero === 0 ? `${operand(k, left)} * ${infinityLike(k, zero)}` : emitInfix(k, '/', left, right);
    case 'min':
    case 'max':
      return emitExtremum(k, expr);
    case 'mod':
    case 'floordiv':
    case 'floormod':
      return callHelper(k, `${op}_f32`, [emitExpr(k, left), emitExpr(k, right)], lanesOf(left));
    default:
      throw new UnsupportedError([`${op} on ${left.dtype} on WebGPU, in kernel ${k.func.name}`]);
  }
}

/** A minimum or maximum, which is NaN where an operand is one: only of those that may be one the bits are looked at. */
function emitExtremum(k: KernelContext, expr: Binary): string {
  const { op, left, right } = expr;
  const call = (name: Parameters<typeof callHelper>[1], ...operands: readonly Expr[]): string => {
    const texts = operands.map((one) => emitExpr(k, one));
    return callHelper(k, name, texts, lanesOf(left));
  };
  const outer = boundedBy(k, expr);
  if (outer === undefined) return call(op === 'min' ? 'min_f32' : 'max_f32', left, right);
  if (isNeverNan(outer.x, k.numbers)) return `${op}(${emitExpr(k, left)}, ${emitExpr(k, right)})`;
  const isBetween = op === 'min' && outer.x.kind === 'binary' && outer.x.op === 'max';
  const inner = isBetween ? boundedBy(k, outer.x) : undefined;
  if (inner !== undefined) return call('between_f32', inner.x, inner.bound, outer.bound);
  return call(op === 'min' ? 'at_most_f32' : 'at_least_f32', outer.x, outer.bound);
}

/** The operand of a minimum or maximum that is no NaN, and the other one. */
function boundedBy(k: KernelContext, { left, right }: Binary): { readonly x: Expr; readonly bound: Expr } | undefined {
  if (isNeverNan(right, k.numbers)) return { x: left, bound: right };
  return isNeverNan(left, k.numbers) ? { x: right, bound: left } : undefined;
}

const infinityLike = (k: KernelContext, zero: number): string =>
  literal(k, 'f32', Object.is(zero, -0) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);

/** Functions, division and shifts of integers, by their operator where that means the same for these operands. */
function integerFunction(k: KernelContext, { op, left, right }: Binary): string {
  const type = scalarType(left.dtype, k.func.name) === 'u32' ? 'u32' : 'i32';
  const [lanes, number] = [lanesOf(left), constantOf(right) ?? 0];
  switch (op) {
    case 'min':
    case 'max':
      return `${op}(${emitExpr(k, left)}, ${emitExpr(k, right)})`;
    case 'shl':
    case 'shr':
      if (constantOf(right) === undefined || number < 0 || number > 31) break;
      return `${operand(k, left)} ${op === 'shl' ? '<<' : '>>'} ${lanes === 1 ? `${number}u` : `${vectorOf('u32', lanes)}(${number}u)`}`;
    case 'div':
    case 'mod':
    case 'floordiv':
    case 'floormod': {
      const truncates = op === 'div' || op === 'mod' || type === 'u32';
      if (number > 0 && (truncates || (lanes === 1 && boundsOf(left, k.variables.ranges).min >= 0)))
        return emitInfix(k, op === 'div' || op === 'floordiv' ? '/' : '%', left, right);
      break;
    }
    case 'pow':
      break;
    default:
      invariant(false, `${k.func.name}: ${op} is defined on ${left.dtype}`);
  }
  return callHelper(k, `${op}_${type}`, [emitExpr(k, left), emitExpr(k, right)], lanes);
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
    type === 'bool'
      ? `${stored} != ${vectorOf('u32', lanes)}(0u)`
      : source.isOfHalves
        ? `${vectorOf(type, lanes)}(${stored})`
        : stored;
  if (lanesOf(index) === 1) return value(elementOf(k, source, index), 1);
  if (index.kind === 'ramp') {
    const quarter = vectorPlace(k, source, index.base);
    if (quarter !== undefined) return value(`${k.nameOf(buffer)}[${quarter}]`, LANES);
  }
  const lanes = Array.from({ length: LANES }, (_, lane) => elementOf(k, source, laneOf(index, lane)));
  return value(`${elementType(source, LANES, k.func.name)}(${lanes.join(', ')})`, LANES);
}

/** An element of a buffer, of whatever it is an array. */
function elementOf(k: KernelContext, { buffer, isOfVectors }: Operand, index: Expr): string {
  const name = k.nameOf(buffer.name);
  if (!isOfVectors) return `${name}[${emitIndex(k, index)}]`;
  const vector = vectorPlaceOf(index, k.variables);
  if (vector !== undefined) return component(`${name}[${emitPolynomial(k, vector.quarter)}]`, vector.lane);
  const place = bound(emitIndex(k, index), strengths.product);
  return `${name}[${place} / ${LANES}][${place} % ${LANES}]`;
}

/** The text of an index, in which constants are added up. */
export const emitIndex = (k: KernelContext, index: Expr): string =>
  emitPolynomial(k, polynomialOf(index, k.variables.polynomials));

/** Which vector of an array of vectors begins at an element. */
export function vectorPlace(k: KernelContext, { isOfVectors }: Operand, base: Expr): string | undefined {
  const quarter = isOfVectors ? alignedBase(base, k.variables) : undefined;
  return quarter === undefined ? undefined : emitPolynomial(k, quarter);
}

function emitPolynomial(k: KernelContext, { constant, monomials }: Polynomial): string {
  const terms = [...monomials.values(), ...(constant === 0 ? [] : [{ coefficient: constant, atoms: [] }])];
  const sum = terms.reduce((text, { coefficient, atoms }) => {
    const isTaken = text !== '' && coefficient < 0;
    const factor = isTaken ? -coefficient : coefficient;
    const factors = atoms.map(({ expr }) => operand(k, expr));
    const term = [...factors, ...(factor === 1 && atoms.length > 0 ? [] : [String(factor)])].join(' * ');
    return text === '' ? term : `${text} ${isTaken ? '-' : '+'} ${term}`;
  }, '');
  return sum === '' ? '0' : sum;
}
