import type { Expr, Let, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, substitute, update, walk, walkExpr } from '../../ir/tensor/visit.ts';

/**
 * Puts products back into the sums that they are named for, where a target multiplies and adds in one instruction: the
 * inverse of what `commonSubexpressions` does for those that do not.
 *
 *   let p = a * b { let q = a * d { c := c + p  e := e + q } }   →   c := c + a * b  e := e + a * d
 */
export function fuseMultiplyAdd(func: TensorFunc): TensorFunc {
  return update(func, { body: visit(func.body) });
}

function visit(stmt: Stmt): Stmt {
  const mapped = mapChildren(stmt, { expr: (expr) => expr, stmt: visit });
  return mapped.kind === 'let' && isProduct(mapped.value) && isForOneSum(mapped)
    ? substitute(mapped.body, new Map([[mapped.name, mapped.value]]))
    : mapped;
}

const isProduct = (expr: Expr): boolean =>
  expr.kind === 'binary' && expr.op === 'mul' && expr.dtype === 'f32' && lanesOf(expr) > 1;

/** Whether the name is read once, as what is added to a register, and its operands are then still what they were. */
function isForOneSum({ name, mutable, value, body }: Let): boolean {
  let [uses, sums] = [0, 0];
  let isStill = !mutable;
  const read = variablesOf(value);
  walk(body, {
    stmt: (stmt) => {
      if (stmt.kind === 'for' || stmt.kind === 'if' || stmt.kind === 'store')
        isStill &&= uses > 0 && !mentions(stmt, name);
      if (stmt.kind !== 'assign') return;
      if (isSumWith(stmt.value, stmt.name, name)) sums++;
      if (uses === 0 && read.has(stmt.name) && !mentions(stmt, name)) isStill = false;
    },
    expr: (expr) => {
      if (expr.kind === 'var' && expr.name === name) uses++;
    },
  });
  return isStill && uses === 1 && sums === 1;
}

const isVar = (expr: Expr, name: string): boolean => expr.kind === 'var' && expr.name === name;

const isSumWith = (value: Expr, register: string, addend: string): boolean =>
  value.kind === 'binary' &&
  value.op === 'add' &&
  ((isVar(value.left, register) && isVar(value.right, addend)) ||
    (isVar(value.right, register) && isVar(value.left, addend)));

function variablesOf(expr: Expr): ReadonlySet<string> {
  const names = new Set<string>();
  walkExpr(expr, (node) => {
    if (node.kind === 'var') names.add(node.name);
  });
  return names;
}

function mentions(stmt: Stmt, name: string): boolean {
  let found = false;
  walk(stmt, {
    expr: (expr) => {
      if (isVar(expr, name)) found = true;
    },
  });
  return found;
}
