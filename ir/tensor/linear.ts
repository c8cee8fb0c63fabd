import { int, mul } from './build.ts';
import { structuralEquals } from './equal.ts';
import { exprKey } from './expr-key.ts';
import type { Expr } from './tensor-func.ts';
import { lanesOf } from './typing.ts';

/**
 * An i32 expression as `constant + Σ coefficient · atom`, where an atom is anything that is no sum, difference or
 * multiple. Terms keep the order in which their atoms first appear. Since i32 arithmetic is a ring modulo 2^32, an
 * expression always equals its linear form, whether it overflows or not.
 */
export interface Linear {
  readonly constant: number;
  /** By the key of the atom. */
  readonly terms: ReadonlyMap<string, Term>;
}

export interface Term {
  readonly atom: Expr;
  readonly coefficient: number;
}

export const isIndex = (expr: Expr): boolean => expr.dtype === 'i32' && lanesOf(expr) === 1;

export const constantLinear = (constant: number): Linear => ({ constant, terms: new Map() });
export const isConstant = (form: Linear): boolean => form.terms.size === 0;

export const atomLinear = (atom: Expr): Linear => ({
  constant: 0,
  terms: new Map([[exprKey(atom), { atom, coefficient: 1 }]]),
});

const multiply = (a: number, b: number): number => {
  const product = a * b;
  return Number.isSafeInteger(product) ? product : Math.imul(a, b);
};

/** A form that is being summed up. */
interface Sum {
  constant: number;
  readonly terms: Map<string, Term>;
}

function addTo(sum: Sum, { constant, terms }: Linear, factor: number): void {
  sum.constant += multiply(constant, factor);
  for (const [key, { atom, coefficient }] of terms) addTermTo(sum, key, atom, multiply(coefficient, factor));
}

function addTermTo({ terms }: Sum, key: string, atom: Expr, coefficient: number): void {
  const total = (terms.get(key)?.coefficient ?? 0) + coefficient;
  if (total === 0) terms.delete(key);
  else terms.set(key, { atom, coefficient: total });
}

/** a + factor · b */
export function addScaled(a: Linear, b: Linear, factor: number): Linear {
  const sum: Sum = { constant: a.constant, terms: new Map(a.terms) };
  addTo(sum, b, factor);
  return sum;
}

export const addLinear = (a: Linear, b: Linear): Linear => addScaled(a, b, 1);
export const subtractLinear = (a: Linear, b: Linear): Linear => addScaled(a, b, -1);
export const scaleLinear = (form: Linear, factor: number): Linear => addScaled(constantLinear(0), form, factor);
export const shiftLinear = (form: Linear, constant: number): Linear => ({
  ...form,
  constant: form.constant + constant,
});

/** The linear form of an i32 scalar; `simplifyAtom` is applied to each atom, and may turn it into a sum. */
export function linearOf(expr: Expr, simplifyAtom?: (atom: Expr) => Expr): Linear {
  const sum: Sum = { constant: 0, terms: new Map() };
  accumulate(sum, expr, 1, simplifyAtom);
  return sum;
}

function accumulate(sum: Sum, expr: Expr, factor: number, simplifyAtom: ((atom: Expr) => Expr) | undefined): void {
  if (expr.kind === 'const') {
    sum.constant += multiply(Number(expr.value), factor);
  } else if (expr.kind === 'unary' && expr.op === 'neg' && isIndex(expr)) {
    accumulate(sum, expr.operand, -factor, simplifyAtom);
  } else if (expr.kind === 'binary' && (expr.op === 'add' || expr.op === 'sub') && isIndex(expr)) {
    accumulate(sum, expr.left, factor, simplifyAtom);
    accumulate(sum, expr.right, expr.op === 'add' ? factor : -factor, simplifyAtom);
  } else if (expr.kind === 'binary' && expr.op === 'mul' && isIndex(expr)) {
    addTo(sum, product(linearOf(expr.left, simplifyAtom), linearOf(expr.right, simplifyAtom)), factor);
  } else {
    const simple = simplifyAtom === undefined ? expr : simplifyAtom(expr);
    if (structuralEquals(simple, expr)) addTermTo(sum, exprKey(expr), expr, factor);
    else accumulate(sum, simple, factor, undefined);
  }
}

function product(left: Linear, right: Linear): Linear {
  if (isConstant(right)) return scaleLinear(left, right.constant);
  if (isConstant(left)) return scaleLinear(right, left.constant);
  const [a, b] = [content(left), content(right)];
  return scaleLinear(atomLinear(mul(fromLinear(divide(left, a)), fromLinear(divide(right, b)))), multiply(a, b));
}

/** The greatest common divisor of all numbers in a form, negative where all coefficients are. */
function content(form: Linear): number {
  const coefficients = [...form.terms.values()].map((term) => term.coefficient);
  const divisor = coefficients.reduce(gcd, form.constant);
  return coefficients.every((coefficient) => coefficient < 0) ? -divisor : divisor;
}

export function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

function divide(form: Linear, divisor: number): Linear {
  const terms = [...form.terms].map(
    ([key, { atom, coefficient }]) => [key, { atom, coefficient: coefficient / divisor }] as const,
  );
  return { constant: form.constant / divisor + 0, terms: new Map(terms) };
}

/**
 * Takes out of a form what `divisor` divides: `form = divisor · quotient + rest`, where the constant of the rest is
 * from 0 to divisor-1 and none of its coefficients is a multiple of the divisor.
 */
export function splitMultiples(form: Linear, divisor: number): { readonly quotient: Linear; readonly rest: Linear } {
  const [divided, kept] = [new Map<string, Term>(), new Map<string, Term>()];
  for (const [key, { atom, coefficient }] of form.terms) {
    if (coefficient % divisor === 0) divided.set(key, { atom, coefficient: coefficient / divisor });
    else kept.set(key, { atom, coefficient });
  }
  const constant = Math.floor(form.constant / divisor);
  return {
    quotient: { constant, terms: divided },
    rest: { constant: form.constant - constant * divisor, terms: kept },
  };
}

const minInt = -(2 ** 31);

/** Sums positive terms first, subtracts the negative ones, and puts the constant last (first, where no term is positive). */
export function fromLinear(form: Linear): Expr {
  const terms = [...form.terms.values()].map(({ atom, coefficient }) => ({ atom, coefficient: coefficient | 0 }));
  const positive = terms.filter((term) => term.coefficient > 0);
  const negative = terms.filter((term) => term.coefficient < 0);
  const constant = form.constant | 0;
  const leading = positive.length === 0 && constant !== 0;
  const sum = [...(leading ? [] : positive), ...negative].reduce<Expr | undefined>(
    addTerm,
    leading ? int(constant) : undefined,
  );
  if (sum === undefined) return int(constant);
  return leading ? sum : addConstant(sum, constant);
}

function addTerm(sum: Expr | undefined, { atom, coefficient }: Term): Expr {
  if (sum === undefined) return coefficient === 1 ? atom : mul(atom, int(coefficient));
  const subtract = coefficient < 0 && coefficient !== minInt;
  const size = subtract ? -coefficient : coefficient;
  const right = size === 1 ? atom : mul(atom, int(size));
  return { kind: 'binary', dtype: 'i32', op: subtract ? 'sub' : 'add', left: sum, right };
}

function addConstant(sum: Expr, constant: number): Expr {
  if (constant === 0) return sum;
  const subtract = constant < 0 && constant !== minInt;
  const right = int(subtract ? -constant : constant);
  return { kind: 'binary', dtype: 'i32', op: subtract ? 'sub' : 'add', left: sum, right };
}
