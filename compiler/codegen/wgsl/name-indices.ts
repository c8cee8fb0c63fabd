import { add, int, mul, ramp } from '../../../ir/tensor/build.ts';
import type { Expr, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren, update, walkExpr } from '../../../ir/tensor/visit.ts';
import { freshNames } from '../../tensor-passes/names.ts';
import { polynomialOf } from '../polynomial.ts';
import { type Variables, variablesOf } from '../variables.ts';
import { type IndexUse, indexValues } from './index-values.ts';
import { arraysOfVectors, vectorPlaceOf } from './operands.ts';
import { outermost, type Scope, type Scopes, scopesOf, scopeVariable } from './scopes.ts';
import { LANES } from './value-type.ts';

/**
 * Names index arithmetic that occurs more than once, or that a loop does not change, in the scope where all its variables
 * are known; indices that differ by a constant share a name. Drivers would find most of it by themselves, each time that
 * they compile the kernel, but not people who read it. Indices of arrays of vectors are formed from places of vectors.
 *
 *   for k in 9 { c := c + %x[(g * 8 + i) % 14 * 48 + k * 3] * %x[(g * 8 + i) % 14 * 48 + k * 3 + 1] }
 *
 *   let i.1 = (g * 8 + i) % 14 { for k in 9 { let x_at = i.1 * 48 + k * 3 { c := c + %x[x_at] * %x[x_at + 1] } } }
 */
export function nameIndices(func: TensorFunc): TensorFunc {
  const scopes = scopesOf(func);
  const values = indexValues(scopes, freshNames(func));
  const variables = variablesOf(func);
  const known = { scopes, variables, ofVectors: arraysOfVectors(func, variables) };
  const counting: Context = {
    ...known,
    form: (use) => {
      values.count(use, inside(counting));
      return int(0);
    },
    close: (_, body) => body,
  };
  const forming: Context = { ...known, form: (use) => values.form(use, inside(forming)), close: values.close };
  rewriteStmt(func.body, outermost, counting);
  return update(func, { body: values.close(outermost, rewriteStmt(func.body, outermost, forming)) });
}

interface Context {
  readonly scopes: Scopes;
  readonly variables: Variables;
  readonly ofVectors: ReadonlySet<string>;
  readonly form: (use: IndexUse) => Expr;
  /** What becomes of the body of a scope. */
  readonly close: (scope: Scope, body: Stmt) => Stmt;
}

const inside =
  (context: Context) =>
  (expr: Expr, scope: Scope): Expr =>
    expr.kind === 'load'
      ? rewriteExpr(expr, scope, context)
      : mapExprChildren(expr, (child) => rewriteExpr(child, scope, context));

function rewriteStmt(stmt: Stmt, scope: Scope, context: Context): Stmt {
  const inner = context.scopes.get(scopeVariable(stmt) ?? '') ?? scope;
  const expr = (child: Expr): Expr => rewriteExpr(child, scope, context);
  if (stmt.kind === 'store') {
    const indices = stmt.indices.map((index) => rewriteIndex(stmt.buffer, index, scope, context));
    return update(stmt, { indices, value: expr(stmt.value) });
  }
  return mapChildren(stmt, {
    expr,
    stmt: (child) => {
      const body = rewriteStmt(child, inner, context);
      return inner === scope ? body : context.close(inner, body);
    },
  });
}

function rewriteExpr(expr: Expr, scope: Scope, context: Context): Expr {
  if (expr.kind === 'load')
    return update(expr, { indices: expr.indices.map((index) => rewriteIndex(expr.buffer, index, scope, context)) });
  if (!isIndex(expr, context.scopes)) return mapExprChildren(expr, (child) => rewriteExpr(child, scope, context));
  const polynomial = polynomialOf(expr, context.variables.polynomials);
  return context.form({ polynomial, scope, times: 1, base: 'i' });
}

/** Whether an expression is arithmetic on indices alone, and not on data. */
function isIndex(expr: Expr, scopes: Scopes): boolean {
  if (expr.dtype !== 'i32' || lanesOf(expr) !== 1 || expr.kind === 'const' || expr.kind === 'var') return false;
  let isKnown = true;
  walkExpr(expr, (node) => {
    isKnown &&= node.kind !== 'load' && node.kind !== 'extract' && (node.kind !== 'var' || scopes.has(node.name));
    return isKnown;
  });
  return isKnown;
}

function rewriteIndex(buffer: string, index: Expr, scope: Scope, context: Context): Expr {
  if (index.kind !== 'ramp' && lanesOf(index) > 1) return rewriteExpr(index, scope, context);
  const { variables, ofVectors, form } = context;
  const base = index.kind === 'ramp' ? index.base : index;
  const isOfVectors = ofVectors.has(buffer);
  const place = isOfVectors ? vectorPlaceOf(base, variables) : undefined;
  const use = { scope, base: `${buffer}_at` };
  const element =
    place === undefined
      ? form({ ...use, polynomial: polynomialOf(base, variables.polynomials), times: timesOf(index, isOfVectors) })
      : elementOf(form({ ...use, polynomial: place.quarter, times: 1 }), place.lane);
  return index.kind === 'ramp' ? ramp(element, index.lanes) : element;
}

/** A vector that is none in memory is made of elements; an element of an array of vectors has two indices. */
const timesOf = (index: Expr, isOfVectors: boolean): number => (index.kind === 'ramp' ? LANES : isOfVectors ? 2 : 1);

function elementOf(quarter: Expr, lane: number): Expr {
  if (quarter.kind === 'const') return int(Number(quarter.value) * LANES + lane);
  return lane === 0 ? mul(quarter, int(LANES)) : add(mul(quarter, int(LANES)), int(lane));
}
