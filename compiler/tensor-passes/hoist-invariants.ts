import { seq, variable } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import type { Expr, For, Let, Stmt, TensorFunc, Var } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren, update, walk } from '../../ir/tensor/visit.ts';
import { type FreshName, freshNames } from './names.ts';

/** Registers of the machine that a loop may hold, accumulators and what was moved out of it together. */
const registers = 12;

/**
 * Moves what a loop does not change out of it, loop by loop from the innermost: elements that it loads, arithmetic on
 * data, scalars spread into vectors. Moves no load out of a condition or of a loop that may not run. Index arithmetic
 * and constants are left to the code generator.
 *
 *   for i in 8 { %y[i] = %x[i] * exp(%s[0]) }   →   let v = exp(%s[0]) { for i in 8 { %y[i] = %x[i] * v } }
 */
export function hoistInvariants(func: TensorFunc): TensorFunc {
  return update(func, { body: visit(func.body, freshNames(func)) });
}

function visit(stmt: Stmt, fresh: FreshName): Stmt {
  if (stmt.kind === 'seq') {
    const stmts = stmt.stmts.map((child) => visit(child, fresh));
    return stmts.every((child, at) => child === stmt.stmts[at]) ? stmt : seq(stmts);
  }
  const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, fresh) });
  return inner.kind === 'for' ? hoistFrom(inner, fresh) : inner;
}

interface Moved {
  readonly name: Var;
  readonly value: Expr;
}

interface Changes {
  readonly variables: Set<string>;
  readonly buffers: ReadonlySet<string>;
  readonly accumulators: number;
}

/** What a loop binds, assigns and stores to. */
function changesOf(loop: For): Changes {
  const variables = new Set([loop.loopVar]);
  const buffers = new Set<string>();
  const assigned = new Set<string>();
  walk(loop.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'for') variables.add(stmt.loopVar);
      if (stmt.kind === 'let' || stmt.kind === 'assign') variables.add(stmt.name);
      if (stmt.kind === 'assign') assigned.add(stmt.name);
      if (stmt.kind === 'store') buffers.add(stmt.buffer);
    },
  });
  return { variables, buffers, accumulators: assigned.size };
}

function hoistFrom(loop: For, fresh: FreshName): Stmt {
  const changes = changesOf(loop);
  const runs = loop.extent.kind === 'const' && Number(loop.extent.value) > 0;
  const room = Math.max(2, registers - changes.accumulators);
  const moved = new Map<string, Moved>();
  const traits = new Map<Expr, Traits>();
  const move = (value: Expr, base: string): Expr | undefined => {
    const known = moved.get(exprKey(value));
    if (known !== undefined) return known.name;
    if (moved.size >= room) return undefined;
    const name = variable(fresh(base), value.dtype, lanesOf(value));
    moved.set(exprKey(value), { name, value });
    return name;
  };
  const expr = (node: Expr, certain: boolean): Expr => {
    const { fixed, loads } = traitsOf(node, changes, traits);
    if (fixed && isWorthMoving(node, loads) && (certain || !loads)) {
      const name = move(node, node.kind === 'load' ? node.buffer : 'v');
      if (name !== undefined) return name;
    }
    if (fixed && !loads && !isWorthMoving(node, loads)) return node;
    return mapExprChildren(node, (child) => expr(child, certain && (node.kind !== 'select' || child === node.cond)));
  };
  const statement = (stmt: Stmt, certain: boolean): Stmt => {
    const lifted = stmt.kind === 'let' ? liftLet(stmt, certain) : undefined;
    if (lifted !== undefined) return statement(lifted, certain);
    // What an inner loop changes this one changes too: what could leave it has left it.
    if (stmt.kind === 'for') return stmt;
    const inner = certain && stmt.kind !== 'if';
    const mapped = mapChildren(stmt, {
      expr: (child) => expr(child, certain),
      stmt: (child) => statement(child, inner),
    });
    return mapped.kind === 'seq' ? seq(mapped.stmts) : mapped;
  };
  /** The body of a let whose value the loop does not change; the let goes out. */
  const liftLet = (stmt: Let, certain: boolean): Stmt | undefined => {
    const { fixed, loads } = traitsOf(stmt.value, changes, traits);
    if (stmt.mutable || !fixed || (loads && !certain) || moved.size >= room) return undefined;
    moved.set(stmt.name, { name: variable(stmt.name, stmt.value.dtype, lanesOf(stmt.value)), value: stmt.value });
    changes.variables.delete(stmt.name);
    traits.clear();
    return stmt.body;
  };
  const body = statement(loop.body, runs);
  return [...moved.values()].reduceRight<Stmt>(
    (inner, { name, value }) => ({ kind: 'let', name: name.name, mutable: false, value, body: inner }),
    update(loop, { body }),
  );
}

interface Traits {
  /** Whether the loop leaves the value as it is. */
  readonly fixed: boolean;
  readonly loads: boolean;
}

function traitsOf(expr: Expr, changes: Changes, known: Map<Expr, Traits>): Traits {
  const found = known.get(expr);
  if (found !== undefined) return found;
  let fixed = expr.kind !== 'var' || !changes.variables.has(expr.name);
  if (expr.kind === 'load') fixed &&= !changes.buffers.has(expr.buffer);
  let loads = expr.kind === 'load';
  mapExprChildren(expr, (child) => {
    const part = traitsOf(child, changes, known);
    fixed &&= part.fixed;
    loads ||= part.loads;
    return child;
  });
  const traits = { fixed, loads };
  known.set(expr, traits);
  return traits;
}

function isWorthMoving(expr: Expr, loads: boolean): boolean {
  if (expr.kind === 'const' || expr.kind === 'var' || expr.kind === 'ramp') return false;
  if (expr.kind === 'broadcast') return expr.value.kind !== 'const';
  if (expr.dtype === 'bool' && lanesOf(expr) === 1) return loads;
  return loads || expr.dtype !== 'i32' || lanesOf(expr) > 1;
}
