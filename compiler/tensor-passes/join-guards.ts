import { and, seq } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import type { Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, update, walk, walkExpr } from '../../ir/tensor/visit.ts';
import { conjuncts } from './guards.ts';
import { hasLoad, mentions } from './linear-parts.ts';

/**
 * Tests once what several statements in a row are guarded by, as the parts of a tile are by the tile's own place. None of
 * them reads what another one stores where other invocations of a workgroup might read it too, since invocations that
 * are guarded cannot wait for one another.
 *
 *   if a && p { S }  if a && p { T }  if a && q { U }   →   if a { if p { S T }  if q { U } }
 */
export function joinGuards(func: TensorFunc): TensorFunc {
  const assigned = new Set<string>();
  walk(func.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'assign') assigned.add(stmt.name);
    },
  });
  const local = new Set(func.temps.filter(({ scope }) => scope === 'local').map(({ name }) => name));
  const rules: Rules = {
    isFixed: (part) => !hasLoad(part) && !mentions(part, (name) => assigned.has(name)),
    isPrivate: (buffer) => local.has(buffer),
  };
  const visit = (stmt: Stmt): Stmt => {
    const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: visit });
    return inner.kind === 'seq' ? join(inner.stmts, rules) : inner;
  };
  return update(func, { body: visit(func.body) });
}

/** A statement, with the parts of the condition around it by their keys. */
interface Guarded {
  readonly parts: ReadonlyMap<string, Expr>;
  readonly body: Stmt;
  readonly accesses: Accesses;
}

/** What a statement accesses in memory that others access too. */
interface Accesses {
  readonly loads: ReadonlySet<string>;
  /** By buffer, the variables of each index. */
  readonly stores: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Rules {
  /** Whether a part of a condition stays as it is while the statements run. */
  readonly isFixed: (part: Expr) => boolean;
  readonly isPrivate: (buffer: string) => boolean;
}

function join(stmts: readonly Stmt[], rules: Rules): Stmt {
  const joined: Stmt[] = [];
  let run: Guarded[] = [];
  const close = (): void => {
    joined.push(...nest(run, rules));
    run = [];
  };
  for (const stmt of stmts) {
    if (stmt.kind === 'if' && stmt.else === undefined) {
      const parts = new Map(conjuncts(stmt.cond).map((part) => [exprKey(part), part]));
      run.push({ parts, body: stmt.then, accesses: accessesOf(stmt, rules) });
      continue;
    }
    close();
    joined.push(stmt);
  }
  close();
  return seq(joined);
}

/** Guarded statements in a row, with what neighbours have in common around them. */
function nest(items: readonly Guarded[], rules: Rules): readonly Stmt[] {
  const stmts: Stmt[] = [];
  for (let from = 0; from < items.length; ) {
    const first = items[from] as Guarded;
    const group = [first];
    let common = [...first.parts].filter(([, part]) => rules.isFixed(part));
    for (const next of items.slice(from + 1)) {
      const kept = common.filter(([key]) => next.parts.has(key));
      if (kept.length === 0 || !group.every((other) => areIndependent(other.accesses, next.accesses))) break;
      common = kept;
      group.push(next);
    }
    if (group.length === 1) stmts.push(guarded([...first.parts.values()], first.body));
    else {
      const shared = new Map(common);
      const rest = group.map((item) => ({
        ...item,
        parts: new Map([...item.parts].filter(([key]) => !shared.has(key))),
      }));
      stmts.push(guarded([...shared.values()], seq(nest(rest, rules))));
    }
    from += group.length;
  }
  return stmts;
}

const guarded = (parts: readonly Expr[], then: Stmt): Stmt =>
  parts.length === 0 ? then : { kind: 'if', cond: parts.reduce(and), then };

/** Whether neither reads what the other stores, and both store at places of one form where they store to one buffer. */
function areIndependent(a: Accesses, b: Accesses): boolean {
  const reads = [...a.stores.keys()].some((name) => b.loads.has(name));
  const isRead = [...b.stores.keys()].some((name) => a.loads.has(name));
  const isOfOneForm = [...a.stores].every(
    ([name, forms]) => new Set([...forms, ...(b.stores.get(name) ?? forms)]).size === 1,
  );
  return !reads && !isRead && isOfOneForm;
}

function accessesOf(stmt: Stmt, { isPrivate }: Rules): Accesses {
  const loads = new Set<string>();
  const stores = new Map<string, Set<string>>();
  walk(stmt, {
    stmt: (node) => {
      if (node.kind !== 'store' || isPrivate(node.buffer)) return;
      stores.set(node.buffer, (stores.get(node.buffer) ?? new Set()).add(variablesIn(node.indices)));
    },
    expr: (node) => {
      if (node.kind === 'load' && !isPrivate(node.buffer)) loads.add(node.buffer);
    },
  });
  return { loads, stores };
}

function variablesIn(exprs: readonly Expr[]): string {
  const names = new Set<string>();
  for (const expr of exprs)
    walkExpr(expr, (node) => {
      if (node.kind === 'var') names.add(node.name);
    });
  return [...names].sort().join();
}
