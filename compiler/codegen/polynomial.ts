import { exprKey } from '../../ir/tensor/expr-key.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { walkExpr } from '../../ir/tensor/visit.ts';

/**
 * An i32 expression as a sum of products over atoms: variables, and whatever is no sum, difference or product. Strides
 * that are known only at run time make an index no affine expression, but a polynomial that is linear in each loop.
 * i32 arithmetic is a ring, so the polynomial has the expression's value whether or not it overflows.
 */
export interface Polynomial {
  readonly constant: number;
  readonly monomials: ReadonlyMap<string, Monomial>;
}

export interface Monomial {
  readonly coefficient: number;
  /** In the order of their keys. */
  readonly atoms: readonly Atom[];
}

export interface Atom {
  readonly key: string;
  readonly expr: Expr;
  /** The variables below. */
  readonly vars: ReadonlySet<string>;
  readonly hasLoad: boolean;
}

/** Beyond this, the product of two sums is left as it is. */
const MOST_MONOMIALS = 32;

export const monomialKey = (atoms: readonly Atom[]): string => atoms.map((atom) => atom.key).join(' * ');

export const constantPolynomial = (constant: number): Polynomial => ({ constant, monomials: new Map() });

export function atomPolynomial(expr: Expr): Polynomial {
  const vars = new Set<string>();
  let hasLoad = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'var') vars.add(node.name);
    if (node.kind === 'load') hasLoad = true;
  });
  const atoms = [{ key: exprKey(expr), expr, vars, hasLoad }];
  return { constant: 0, monomials: new Map([[monomialKey(atoms), { coefficient: 1, atoms }]]) };
}

/** The sum of monomials, in which none has the coefficient 0. */
export function sumOf(constant: number, monomials: Iterable<Monomial>): Polynomial {
  const sums = new Map<string, Monomial>();
  for (const { coefficient, atoms } of monomials) {
    const key = monomialKey(atoms);
    const sum = ((sums.get(key)?.coefficient ?? 0) + coefficient) | 0;
    if (sum === 0) sums.delete(key);
    else sums.set(key, { coefficient: sum, atoms });
  }
  return { constant: constant | 0, monomials: sums };
}

export const addPolynomials = (a: Polynomial, b: Polynomial): Polynomial =>
  sumOf(a.constant + b.constant, [...a.monomials.values(), ...b.monomials.values()]);

export function scalePolynomial(a: Polynomial, factor: number): Polynomial {
  const scaled = [...a.monomials.values()].map((one) => ({ ...one, coefficient: Math.imul(one.coefficient, factor) }));
  return sumOf(Math.imul(a.constant, factor), scaled);
}

const withConstant = ({ constant, monomials }: Polynomial): readonly Monomial[] =>
  constant === 0 ? [...monomials.values()] : [...monomials.values(), { coefficient: constant, atoms: [] }];

function multiplyPolynomials(a: Polynomial, b: Polynomial): Polynomial | undefined {
  if (a.monomials.size * b.monomials.size > MOST_MONOMIALS) return undefined;
  const products = withConstant(a).flatMap((left) =>
    withConstant(b).map((right) => ({
      coefficient: Math.imul(left.coefficient, right.coefficient),
      atoms: [...left.atoms, ...right.atoms].sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : 0)),
    })),
  );
  const constant = products.filter(({ atoms }) => atoms.length === 0).reduce((sum, one) => sum + one.coefficient, 0);
  return sumOf(
    constant,
    products.filter(({ atoms }) => atoms.length > 0),
  );
}

/** The polynomial of an i32 scalar. `known` gives those of variables that stand for an expression. */
export function polynomialOf(expr: Expr, known: ReadonlyMap<string, Polynomial>): Polynomial {
  if (expr.kind === 'const') return constantPolynomial(Number(expr.value));
  if (expr.kind === 'var') return known.get(expr.name) ?? atomPolynomial(expr);
  if (expr.dtype !== 'i32') return atomPolynomial(expr);
  if (expr.kind === 'unary' && expr.op === 'neg') return scalePolynomial(polynomialOf(expr.operand, known), -1);
  if (expr.kind === 'binary' && (expr.op === 'add' || expr.op === 'sub' || expr.op === 'mul')) {
    const [left, right] = [polynomialOf(expr.left, known), polynomialOf(expr.right, known)];
    if (expr.op === 'mul') return multiplyPolynomials(left, right) ?? atomPolynomial(expr);
    return addPolynomials(left, expr.op === 'add' ? right : scalePolynomial(right, -1));
  }
  return atomPolynomial(expr);
}

/** Equal for two polynomials exactly where they differ by a constant at most. */
export const variablePart = ({ monomials }: Polynomial): string =>
  [...monomials]
    .map(([key, { coefficient }]) => `${coefficient} * ${key}`)
    .sort()
    .join(' + ');

/** Whether the polynomial is a plain sum of products of variables, which costs as little to form again as to keep. */
export const hasOnlyVariables = ({ monomials }: Polynomial): boolean =>
  [...monomials.values()].every(({ atoms }) => atoms.every((atom) => atom.expr.kind === 'var'));
