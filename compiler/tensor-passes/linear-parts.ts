import { boundsOf, type Interval, type Ranges } from '../../ir/tensor/bounds.ts';
import { fromLinear, type Linear, linearOf, type Term } from '../../ir/tensor/linear.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { walkExpr } from '../../ir/tensor/visit.ts';

/** Takes a sum apart into the terms that `keep` names and the rest, with the constant. */
export function partitionTerms(form: Linear, keep: (term: Term) => boolean): readonly [kept: Linear, rest: Linear] {
  const entries = [...form.terms];
  const kept = entries.filter(([, term]) => keep(term));
  const rest = entries.filter(([, term]) => !keep(term));
  return [
    { constant: 0, terms: new Map(kept) },
    { constant: form.constant, terms: new Map(rest) },
  ];
}

/** The canonical form of a scalar i32 expression. */
export const canonicalIndex = (expr: Expr): Expr => fromLinear(linearOf(expr));

/** An interval that holds every value of the sum while its variables stay in their ranges. */
export function linearBounds({ constant, terms }: Linear, ranges: Ranges): Interval {
  let [min, max] = [constant, constant];
  for (const { atom, coefficient } of terms.values()) {
    const bounds = boundsOf(atom, ranges);
    const [low, high] = [bounds.min * coefficient, bounds.max * coefficient];
    min += Math.min(low, high);
    max += Math.max(low, high);
  }
  return { min, max };
}

/** Whether a variable that `test` names occurs in an expression. */
export function mentions(expr: Expr, test: (name: string) => boolean): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    found ||= node.kind === 'var' && test(node.name);
    return !found;
  });
  return found;
}

export function hasLoad(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    found ||= node.kind === 'load';
    return !found;
  });
  return found;
}
