import { variable } from './build.ts';
import { exprKey } from './expr-key.ts';
import { fromLinear, isIndex, linearOf, type Term } from './linear.ts';
import type { Expr } from './tensor-func.ts';

/** `constant + Σ coefficient · variable` over i32 variables, none of them with the coefficient 0. */
export interface Affine {
  readonly constant: number;
  readonly terms: ReadonlyMap<string, number>;
}

/** An i32 scalar as an affine expression, or undefined where it is not one (a load, a quotient, a product of variables). */
export function asAffine(expr: Expr): Affine | undefined {
  if (!isIndex(expr)) return undefined;
  const { constant, terms } = linearOf(expr);
  const affine = new Map<string, number>();
  for (const { atom, coefficient } of terms.values()) {
    if (atom.kind !== 'var') return undefined;
    affine.set(atom.name, coefficient);
  }
  return { constant, terms: affine };
}

export function fromAffine(affine: Affine): Expr {
  const terms = [...affine.terms].map(([name, coefficient]): readonly [string, Term] => {
    const atom = variable(name);
    return [exprKey(atom), { atom, coefficient }];
  });
  return fromLinear({ constant: affine.constant, terms: new Map(terms) });
}
