import { seq } from '../../ir/tensor/build.ts';
import type { Expr, Let, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, update, walk, walkExpr } from '../../ir/tensor/visit.ts';

/** With more at a time, their values are more than an engine has registers. */
const most = 4;

/**
 * Lets neighbouring computations in an innermost loop that do not depend on one another take turns, a few at a time. An
 * engine computes in the order that it is given, and loads a constant that it has no register for at each use: so it
 * loads it once for all of them, and the steps of one hide the latencies of the others. Elsewhere, where less time is
 * spent, code that repeats itself compresses better.
 *
 *   let a = f(x) { let b = g(a) { %y[0] = b } }       let a = f(x) { let c = f(z) {
 *   let c = f(z) { let d = g(c) { %y[1] = d } }   →     let b = g(a) { let d = g(c) { %y[0] = b  %y[1] = d } } } }
 */
export function interleave(func: TensorFunc): TensorFunc {
  return update(func, { body: visit(func.body) });
}

function visit(stmt: Stmt): Stmt {
  if (stmt.kind === 'for' && !hasLoop(stmt.body)) return update(stmt, { body: interleaved(stmt.body) });
  return mapChildren(stmt, { expr: (expr) => expr, stmt: visit });
}

function hasLoop(stmt: Stmt): boolean {
  let found = false;
  walk(stmt, {
    stmt: (node) => {
      found ||= node.kind === 'for';
      return !found;
    },
  });
  return found;
}

function interleaved(stmt: Stmt): Stmt {
  const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: interleaved });
  if (inner.kind !== 'seq') return inner;
  const parts: Stmt[] = [];
  let group: Let[] = [];
  const flush = () => {
    parts.push(...(group.length > 1 ? [takeTurns(group)] : group));
    group = [];
  };
  for (const child of inner.stmts) {
    if (!isValueLet(child) || group.length === most || !group.every((earlier) => canOvertake(child, earlier))) flush();
    if (isValueLet(child)) group.push(child);
    else parts.push(child);
  }
  flush();
  return parts.length === inner.stmts.length ? inner : seq(parts);
}

/** One let of each in turn; at last their bodies in order. */
function takeTurns(stmts: readonly Stmt[]): Stmt {
  const lets = stmts.filter(isValueLet);
  if (lets.length === 0) return seq(stmts);
  const rest = takeTurns(stmts.map((stmt) => (isValueLet(stmt) ? stmt.body : stmt)));
  return lets.reduceRight<Stmt>(
    (body, { name, mutable, value }) => ({ kind: 'let', name, mutable, value, body }),
    rest,
  );
}

const isValueLet = (stmt: Stmt): stmt is Let => stmt.kind === 'let' && !stmt.mutable;

/** Whether the values that a statement starts with are the same before another one. */
function canOvertake(stmt: Let, other: Stmt): boolean {
  const changed = changedBy(other);
  for (let at: Stmt = stmt; isValueLet(at); at = at.body) if (reads(at.value, changed)) return false;
  return true;
}

/** The buffers and registers that a statement writes. */
function changedBy(stmt: Stmt): ReadonlySet<string> {
  const names = new Set<string>();
  walk(stmt, {
    stmt: (node) => {
      if (node.kind === 'store') names.add(node.buffer);
      if (node.kind === 'assign') names.add(node.name);
    },
  });
  return names;
}

function reads(value: Expr, names: ReadonlySet<string>): boolean {
  let found = false;
  walkExpr(value, (node) => {
    if (node.kind === 'load' && names.has(node.buffer)) found = true;
    if (node.kind === 'var' && names.has(node.name)) found = true;
    return !found;
  });
  return found;
}
