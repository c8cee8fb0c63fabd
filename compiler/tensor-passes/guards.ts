import type { Interval } from '../../ir/tensor/bounds.ts';
import { binary, int } from '../../ir/tensor/build.ts';
import { inequality } from '../../ir/tensor/inequality.ts';
import { fromLinear, type Linear, linearOf, shiftLinear, subtractLinear } from '../../ir/tensor/linear.ts';
import type { Expr, Stmt } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, update } from '../../ir/tensor/visit.ts';
import { loopRange } from './accesses.ts';
import { hasLoad, linearBounds, mentions, partitionTerms } from './linear-parts.ts';

/** A part of the condition of an `if`, as the inequality `form ≤ 0`. */
export interface Guard {
  /** The comparison itself, by which `dropTests` knows it. */
  readonly source: Expr;
  readonly form: Linear;
  /** The loops between the place from which it is seen and the `if`. */
  readonly inner: ReadonlyMap<string, Interval>;
}

export function conjuncts(cond: Expr): readonly Expr[] {
  const isAnd = cond.kind === 'binary' && cond.op === 'and';
  return isAnd ? [...conjuncts(cond.left), ...conjuncts(cond.right)] : [cond];
}

/** The guards of every `if` below a statement that read no memory and no name that is bound by a `let` on the way. */
export function collectGuards(stmt: Stmt): readonly Guard[] {
  const found: Guard[] = [];
  const visit = (node: Stmt, inner: ReadonlyMap<string, Interval>, lets: ReadonlySet<string>): void => {
    if (node.kind === 'if') {
      for (const source of conjuncts(node.cond)) {
        const form = inequality(source);
        if (form === undefined || hasLoad(source) || mentions(source, (name) => lets.has(name))) continue;
        found.push({ source, form, inner });
      }
    }
    const below = node.kind === 'for' ? new Map(inner).set(node.loopVar, loopRange(node.extent)) : inner;
    const bound = node.kind === 'let' ? new Set(lets).add(node.name) : lets;
    mapChildren(node, {
      expr: (child) => child,
      stmt: (child) => {
        visit(child, below, bound);
        return child;
      },
    });
  };
  visit(stmt, new Map(), new Set());
  return found;
}

/** Where a guard holds for every value of the inner loops: `coefficient · v + outer ≤ 0`. */
export interface Requirement {
  readonly source: Expr;
  readonly coefficient: number;
  readonly outer: Linear;
}

/** What a guard asks of one loop variable, or undefined where the inner loops have no bounds or mix with the outer ones. */
export function requirementOn(guard: Guard, loopVar: string): Requirement | undefined {
  let coefficient = 0;
  const [inner, rest] = partitionTerms(guard.form, ({ atom }) => mentions(atom, (name) => guard.inner.has(name)));
  const [own, outer] = partitionTerms(rest, ({ atom }) => atom.kind === 'var' && atom.name === loopVar);
  for (const term of own.terms.values()) coefficient = term.coefficient;
  for (const { atom } of [...inner.terms.values(), ...outer.terms.values()]) {
    if (mentions(atom, (name) => name === loopVar)) return undefined;
  }
  for (const { atom } of inner.terms.values()) if (mentions(atom, (name) => !guard.inner.has(name))) return undefined;
  const worst = linearBounds(inner, guard.inner).max;
  if (!Number.isFinite(worst)) return undefined;
  return { source: guard.source, coefficient, outer: shiftLinear(outer, worst) };
}

/** The requirement as a condition where it does not depend on the loop. */
export const requirementHolds = ({ outer }: Requirement): Expr =>
  binary('le', fromLinear({ ...outer, constant: 0 }), int(-outer.constant));

/** The number of first iterations in which `requirement` (of a positive coefficient) holds; may be negative or too large. */
export function firstIterations({ coefficient, outer }: Requirement): Expr {
  const negated = subtractLinear({ constant: 0, terms: new Map() }, outer);
  if (coefficient === 1) return fromLinear(shiftLinear(negated, 1));
  return fromLinear(shiftLinear(linearOf(binary('floordiv', fromLinear(negated), int(coefficient))), 1));
}

/** Removes tests that are known to hold. */
export function dropTests(stmt: Stmt, known: ReadonlySet<Expr>): Stmt {
  if (known.size === 0) return stmt;
  const visit = (node: Stmt): Stmt => {
    const mapped = mapChildren(node, { expr: (expr) => expr, stmt: visit });
    if (mapped.kind !== 'if') return mapped;
    const all = conjuncts(mapped.cond);
    const left = all.filter((part) => !known.has(part));
    if (left.length === all.length) return mapped;
    return left.length === 0 ? mapped.then : update(mapped, { cond: left.reduce((a, b) => binary('and', a, b)) });
  };
  return visit(stmt);
}
