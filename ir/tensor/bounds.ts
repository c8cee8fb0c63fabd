import type { DType } from '../dtype.ts';
import { assertNever } from '../errors.ts';
import { floormod, int } from './build.ts';
import { exprKey } from './expr-key.ts';
import type { Interval } from './interval.ts';
import * as interval from './interval.ts';
import {
  addScaled,
  atomLinear,
  isIndex,
  type Linear,
  linearOf,
  scaleLinear,
  shiftLinear,
  subtractLinear,
  type Term,
} from './linear.ts';
import type { Binary, Expr, Unary } from './tensor-func.ts';

export type { Interval } from './interval.ts';

/**
 * The values that i32 variables take. A variable that is not named is an index of which nothing is known.
 *
 * Index arithmetic, which is i32 arithmetic over such variables and constants, is assumed not to overflow. What is
 * computed from elements of buffers is data, and wraps around; a variable whose range is all of i32 counts as data.
 */
export type Ranges = ReadonlyMap<string, Interval>;

export const dataRange = interval.dtypeRange('i32');

export const isDataRange = (range: Interval | undefined): boolean =>
  range !== undefined && range.min <= dataRange.min && range.max >= dataRange.max && Number.isFinite(range.min);

/** Whether the value depends on elements of buffers or on registers, so that it may have wrapped around. */
export function isData(expr: Expr, ranges: Ranges): boolean {
  switch (expr.kind) {
    case 'const':
      return false;
    case 'var':
      return !isIndex(expr) || isDataRange(ranges.get(expr.name));
    case 'load':
    case 'cast':
    case 'bitcast':
    case 'extract':
      return true;
    case 'unary':
      return isData(expr.operand, ranges);
    case 'binary':
    case 'dot':
      return isData(expr.left, ranges) || isData(expr.right, ranges);
    case 'select':
      return [expr.cond, expr.then, expr.else].some((part) => isData(part, ranges));
    case 'ramp':
      return isData(expr.base, ranges);
    case 'broadcast':
      return isData(expr.value, ranges);
    default:
      return assertNever(expr);
  }
}

export const isDataForm = (form: Linear, ranges: Ranges): boolean =>
  [...form.terms.values()].some(({ atom }) => isData(atom, ranges));

/** An interval that holds every value (of every lane) of an integer or bool expression. */
export function boundsOf(expr: Expr, ranges: Ranges): Interval {
  return wrapped(expr, isSum(expr) ? boundsOfLinear(linearOf(expr), ranges) : boundsOfNode(expr, ranges), ranges);
}

/** The bounds of a node after its dtype's wrap-around, from those of its exact value. */
function wrapped(expr: Expr, bounds: Interval, ranges: Ranges): Interval {
  const representable = interval.dtypeRange(expr.dtype);
  if (interval.contains(representable, bounds)) return bounds;
  return expr.dtype !== 'i32' || isData(expr, ranges) ? representable : bounds;
}

const isSum = (expr: Expr): boolean =>
  isIndex(expr) &&
  ((expr.kind === 'unary' && expr.op === 'neg') ||
    (expr.kind === 'binary' && (expr.op === 'add' || expr.op === 'sub' || expr.op === 'mul')));

function boundsOfNode(expr: Expr, ranges: Ranges): Interval {
  switch (expr.kind) {
    case 'const':
      return interval.point(Number(expr.value));
    case 'var':
      return ranges.get(expr.name) ?? (isIndex(expr) ? interval.everything : interval.dtypeRange(expr.dtype));
    case 'load':
    case 'bitcast':
    case 'dot':
      return interval.dtypeRange(expr.dtype);
    case 'cast':
      return boundsOfCast(expr.operand, expr.dtype, ranges);
    case 'unary':
      return boundsOfUnary(expr, ranges);
    case 'binary':
      return boundsOfBinary(expr, boundsOf(expr.left, ranges), boundsOf(expr.right, ranges));
    case 'select':
      return interval.hull(boundsOf(expr.then, ranges), boundsOf(expr.else, ranges));
    case 'ramp':
      return interval.addIntervals(boundsOf(expr.base, ranges), { min: 0, max: expr.lanes - 1 });
    case 'broadcast':
      return boundsOf(expr.value, ranges);
    case 'extract':
      return boundsOf(expr.vector, ranges);
    default:
      return assertNever(expr);
  }
}

function boundsOfCast(operand: Expr, dtype: DType, ranges: Ranges): Interval {
  const target = interval.dtypeRange(dtype);
  if (interval.dtypeRange(operand.dtype) === interval.everything) return target;
  const bounds = boundsOf(operand, ranges);
  return interval.contains(target, bounds) ? bounds : target;
}

function boundsOfUnary(expr: Unary, ranges: Ranges): Interval {
  const operand = (): Interval => boundsOf(expr.operand, ranges);
  switch (expr.op) {
    case 'neg':
      return interval.negateInterval(operand());
    case 'abs':
      return interval.absInterval(operand());
    case 'sign':
      return expr.dtype === 'bool' ? interval.dtypeRange('bool') : { min: -1, max: 1 };
    case 'floor':
    case 'ceil':
    case 'round':
      return operand();
    default:
      return interval.dtypeRange(expr.dtype);
  }
}

function boundsOfBinary(expr: Binary, left: Interval, right: Interval): Interval {
  switch (expr.op) {
    case 'add':
      return interval.addIntervals(left, right);
    case 'sub':
      return interval.subtractIntervals(left, right);
    case 'mul':
      return interval.multiplyIntervals(left, right);
    case 'floordiv':
      return interval.floorDivideIntervals(left, right);
    case 'div':
      return interval.truncDivideIntervals(left, right);
    case 'floormod':
      return interval.floorModIntervals(left, right);
    case 'mod':
      return interval.truncModIntervals(left, right);
    case 'min':
      return interval.minIntervals(left, right);
    case 'max':
      return interval.maxIntervals(left, right);
    case 'bitand':
      return boundsOfMask(expr.dtype, left, right);
    case 'shr':
      return boundsOfShift(expr.dtype, left, right);
    default:
      return interval.dtypeRange(expr.dtype);
  }
}

/** A number that is not negative clears the sign of the other and is not exceeded. */
function boundsOfMask(dtype: DType, left: Interval, right: Interval): Interval {
  const limits = [left, right].filter(({ min }) => min >= 0).map(({ max }) => max);
  return limits.length === 0 ? interval.dtypeRange(dtype) : { min: 0, max: Math.min(...limits) };
}

function boundsOfShift(dtype: DType, left: Interval, right: Interval): Interval {
  if (!interval.isPoint(right) || right.min < 0 || right.min > 31) return interval.dtypeRange(dtype);
  return interval.floorDivideIntervals(left, interval.point(2 ** right.min));
}

/** The interval of a sum over distinct atoms, made tighter where a quotient `x floordiv c` stands beside its own `x`. */
export function boundsOfLinear(form: Linear, ranges: Ranges): Interval {
  const terms = [...form.terms.values()];
  const plain = terms.reduce(
    (sum, { atom, coefficient }) =>
      interval.addIntervals(
        sum,
        interval.scaleInterval(wrapped(atom, boundsOfNode(atom, ranges), ranges), coefficient),
      ),
    interval.point(form.constant),
  );
  if (interval.isPoint(plain) || terms.length < 2) return plain;
  return terms
    .map((term) => withoutQuotient(form, term))
    .filter((rewritten) => rewritten !== undefined)
    .reduce((bounds, rewritten) => interval.intersect(bounds, boundsOfLinear(rewritten, ranges)), plain);
}

/** Uses `(x floordiv c)·c = x - x floormod c`, where that makes terms of `x` cancel. */
function withoutQuotient(form: Linear, { atom, coefficient }: Term): Linear | undefined {
  if (atom.kind !== 'binary' || atom.op !== 'floordiv' || atom.right.kind !== 'const') return undefined;
  const divisor = Number(atom.right.value);
  if (divisor <= 0 || coefficient % divisor !== 0) return undefined;
  const dividend = linearOf(atom.left);
  const factor = coefficient / divisor;
  const cancels = [...dividend.terms].some(
    ([key, term]) => (form.terms.get(key)?.coefficient ?? 0) === -term.coefficient * factor,
  );
  if (!cancels) return undefined;
  const remainder = atomLinear(floormod(atom.left, int(divisor)));
  const rest = addScaled(form, atomLinear(atom), -coefficient);
  return addScaled(addScaled(rest, dividend, factor), remainder, -factor);
}

/** What is known where an expression stands: ranges of variables, and linear forms that are not negative. */
export interface Knowledge {
  readonly ranges: Ranges;
  readonly facts: readonly Linear[];
}

/** Whether a bool expression is true, or false, for all values in the ranges; undefined where neither is certain. */
export const proves = (cond: Expr, ranges: Ranges): boolean | undefined => decide(cond, { ranges, facts: [] });

/** Like `proves`, but also uses facts. */
export function decide(cond: Expr, known: Knowledge): boolean | undefined {
  switch (cond.kind) {
    case 'const':
      return Number(cond.value) !== 0;
    case 'broadcast':
      return decide(cond.value, known);
    case 'unary':
      return cond.op === 'not' ? negation(decide(cond.operand, known)) : undefined;
    case 'select': {
      const chosen = decide(cond.cond, known);
      const [then, otherwise] = [decide(cond.then, known), decide(cond.else, known)];
      return chosen === undefined ? (then === otherwise ? then : undefined) : chosen ? then : otherwise;
    }
    case 'binary':
      return decideBinary(cond, known);
    default:
      return undefined;
  }
}

const negation = (truth: boolean | undefined): boolean | undefined => (truth === undefined ? undefined : !truth);

function decideBinary(cond: Binary, known: Knowledge): boolean | undefined {
  const { op, left, right } = cond;
  switch (op) {
    case 'and':
      return decideAnd(decide(left, known), decide(right, known));
    case 'or':
      return negation(decideAnd(negation(decide(left, known)), negation(decide(right, known))));
    case 'xor': {
      const [a, b] = [decide(left, known), decide(right, known)];
      return a === undefined || b === undefined ? undefined : a !== b;
    }
    case 'lt':
      return decideLess(left, right, known);
    case 'gt':
      return decideLess(right, left, known);
    case 'ge':
      return negation(decideLess(left, right, known));
    case 'le':
      return negation(decideLess(right, left, known));
    case 'eq':
      return decideEqual(left, right, known);
    case 'ne':
      return negation(decideEqual(left, right, known));
    default:
      return undefined;
  }
}

function decideAnd(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a && b;
}

const isOrdered = (expr: Expr): boolean => interval.dtypeRange(expr.dtype) !== interval.everything;

/** Undefined for floats and 64-bit integers. `a >= b` is `not a < b`, as on integers there is no NaN. */
function decideLess(left: Expr, right: Expr, known: Knowledge): boolean | undefined {
  const difference = indexDifference(left, right, known.ranges);
  if (difference !== undefined) {
    if (isNonNegative(shiftLinear(difference, -1), known)) return true;
    return isNonNegative(scaleLinear(difference, -1), known) ? false : undefined;
  }
  if (!isOrdered(left)) return undefined;
  const [a, b] = [boundsOf(left, known.ranges), boundsOf(right, known.ranges)];
  if (a.max < b.min) return true;
  return a.min >= b.max ? false : undefined;
}

function decideEqual(left: Expr, right: Expr, known: Knowledge): boolean | undefined {
  const difference = indexDifference(left, right, known.ranges);
  if (difference !== undefined) {
    if (difference.terms.size === 0) return difference.constant === 0;
    const opposite = scaleLinear(difference, -1);
    if ([difference, opposite].some((form) => isNonNegative(shiftLinear(form, -1), known))) return false;
    return [difference, opposite].every((form) => isNonNegative(form, known)) ? true : undefined;
  }
  if (!isOrdered(left)) return undefined;
  if (exprKey(left) === exprKey(right)) return true;
  const [a, b] = [boundsOf(left, known.ranges), boundsOf(right, known.ranges)];
  if (a.max < b.min || b.max < a.min) return false;
  return interval.isPoint(a) && interval.isPoint(b) ? true : undefined;
}

/** right - left, where neither can have wrapped around. */
export function indexDifference(left: Expr, right: Expr, ranges: Ranges): Linear | undefined {
  if (!isIndex(left) || !isIndex(right) || isData(left, ranges) || isData(right, ranges)) return undefined;
  return subtractLinear(linearOf(right), linearOf(left));
}

/** How many facts are added up in search of a proof. */
const proofDepth = 3;

export function isNonNegative(form: Linear, known: Knowledge, depth = proofDepth): boolean {
  if (boundsOfLinear(form, known.ranges).min >= 0) return true;
  if (depth === 0) return false;
  return known.facts.some((fact) => {
    const factor = commonFactor(form, fact);
    return factor !== undefined && isNonNegative(addScaled(form, fact, -factor), known, depth - 1);
  });
}

/** How often a fact must be taken for one of its terms to cancel one of the form's. */
function commonFactor(form: Linear, fact: Linear): number | undefined {
  for (const [key, { coefficient }] of fact.terms) {
    const factor = (form.terms.get(key)?.coefficient ?? 0) / coefficient;
    if (factor > 0 && Number.isInteger(factor)) return factor;
  }
  return undefined;
}
