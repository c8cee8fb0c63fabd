import { addScaled, constantLinear, fromLinear, isIndex, type Linear, linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { mapExprChildren } from '../../ir/tensor/visit.ts';

/** Replaces variables by expressions and simplifies what that changes. */
export type Substitution = (expr: Expr, values: ReadonlyMap<string, Expr>) => Expr;

/**
 * A substitution that remembers the linear forms of the index expressions that it has seen: unrolling makes many
 * copies of the same few.
 */
export function createSubstitution(): Substitution {
  const forms = new Map<Expr, Linear>();
  const formOf = (expr: Expr): Linear => {
    const known = forms.get(expr);
    if (known !== undefined) return known;
    const form = linearOf(expr);
    forms.set(expr, form);
    return form;
  };
  const replaceIndex = (expr: Expr, values: ReadonlyMap<string, Expr>): Expr => {
    const form = formOf(expr);
    let sum = constantLinear(form.constant);
    let changed = false;
    for (const [key, term] of form.terms) {
      const atom = replaceAtom(term.atom, values);
      changed ||= atom !== term.atom;
      const part =
        atom === term.atom ? { constant: 0, terms: new Map([[key, { atom, coefficient: 1 }]]) } : formOf(atom);
      sum = addScaled(sum, part, term.coefficient);
    }
    if (!changed) return expr;
    const result = fromLinear(sum);
    forms.set(result, sum);
    return result;
  };
  const replaceAtom = (atom: Expr, values: ReadonlyMap<string, Expr>): Expr => {
    if (atom.kind === 'var') return values.get(atom.name) ?? atom;
    const replaced = mapExprChildren(atom, (child) => replace(child, values));
    return replaced === atom || replaced.kind === 'load' ? replaced : simplify(replaced);
  };
  const replace = (expr: Expr, values: ReadonlyMap<string, Expr>): Expr => {
    if (expr.kind === 'var') return values.get(expr.name) ?? expr;
    if (expr.kind === 'const') return expr;
    if (isSum(expr)) return replaceIndex(expr, values);
    const replaced = mapExprChildren(expr, (child) => replace(child, values));
    return replaced !== expr && isDecidable(replaced) ? simplify(replaced) : replaced;
  };
  return replace;
}

const isSum = (expr: Expr): boolean =>
  expr.kind === 'binary' && (expr.op === 'add' || expr.op === 'sub' || expr.op === 'mul') && isIndex(expr);

/** What constants may decide: comparisons, selects and integer quotients. */
const isDecidable = (expr: Expr): boolean =>
  expr.dtype === 'bool' || expr.kind === 'select' || (expr.kind === 'binary' && expr.dtype === 'i32');
