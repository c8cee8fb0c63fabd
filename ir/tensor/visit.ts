import { assertNever } from '../errors.ts';
import type { Block, Expr, Stmt } from './tensor-func.ts';

/** What a rewrite does with the direct children of a node. Either part may be the identity. */
export interface ChildMap {
  readonly expr: (child: Expr) => Expr;
  readonly stmt: (child: Stmt) => Stmt;
}

/**
 * The one place that knows which nodes a node has under it, in order of evaluation. It is where a compilation spends
 * most of its time, so that it compares field by field.
 */
export function mapExprChildren(node: Expr, f: (child: Expr) => Expr): Expr {
  switch (node.kind) {
    case 'const':
    case 'var':
      return node;
    case 'load': {
      const indices = mapList(node.indices, f);
      return indices === node.indices ? node : { ...node, indices };
    }
    case 'unary':
    case 'cast':
    case 'bitcast': {
      const operand = f(node.operand);
      return operand === node.operand ? node : { ...node, operand };
    }
    case 'binary':
    case 'dot': {
      const left = f(node.left);
      const right = f(node.right);
      return left === node.left && right === node.right ? node : { ...node, left, right };
    }
    case 'select':
      return update(node, { cond: f(node.cond), then: f(node.then), else: f(node.else) });
    case 'ramp': {
      const base = f(node.base);
      return base === node.base ? node : { ...node, base };
    }
    case 'broadcast': {
      const value = f(node.value);
      return value === node.value ? node : { ...node, value };
    }
    case 'extract':
      return update(node, { vector: f(node.vector) });
    default:
      return assertNever(node);
  }
}

export function mapChildren(node: Stmt, f: ChildMap): Stmt {
  switch (node.kind) {
    case 'for':
      return update(node, { extent: f.expr(node.extent), body: f.stmt(node.body) });
    case 'block':
      return mapBlock(node, f);
    case 'store':
      return update(node, { indices: mapList(node.indices, f.expr), value: f.expr(node.value) });
    case 'seq':
      return update(node, { stmts: mapList(node.stmts, f.stmt) });
    case 'if': {
      const [cond, then] = [f.expr(node.cond), f.stmt(node.then)];
      return update(node, node.else === undefined ? { cond, then } : { cond, then, else: f.stmt(node.else) });
    }
    case 'let':
      return update(node, { value: f.expr(node.value), body: f.stmt(node.body) });
    case 'assign':
      return update(node, { value: f.expr(node.value) });
    default:
      return assertNever(node);
  }
}

function mapBlock(node: Block, f: ChildMap): Block {
  const iters = mapList(node.iters, (iter) => update(iter, { value: f.expr(iter.value) }));
  const predicate = node.predicate === undefined ? {} : { predicate: f.expr(node.predicate) };
  const init = node.init === undefined ? {} : { init: f.stmt(node.init) };
  return update(node, { iters, ...predicate, ...init, body: f.stmt(node.body) });
}

/** The node with these fields, or the node itself where all of them are what they were. */
export function update<T extends object>(node: T, fields: Partial<T>): T {
  // Unlike Object.keys, the loop allocates nothing: most calls find nothing changed, and every walk makes them.
  for (const key in fields) if (node[key] !== fields[key]) return { ...node, ...fields };
  return node;
}

/** The mapped list, or the list itself where no element changed. */
export function mapList<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  let mapped: T[] | undefined;
  for (const [i, item] of list.entries()) {
    const result = f(item);
    if (result !== item) mapped ??= list.slice(0, i);
    mapped?.push(result);
  }
  return mapped ?? list;
}

/** Calls `enter` on a node and, where it does not return false, on all below it, parents first. */
export function walkExpr(node: Expr, enter: (node: Expr) => unknown): void {
  const visit = (child: Expr): Expr => {
    if (enter(child) !== false) mapExprChildren(child, visit);
    return child;
  };
  visit(node);
}

export interface Visitor {
  readonly stmt?: (node: Stmt) => unknown;
  readonly expr?: (node: Expr) => unknown;
}

/** Calls the visitor on every node below (and with) `node`, parents first; a part that returns false is not entered. */
export function walk(node: Stmt, visitor: Visitor): void {
  const enterExpr = visitor.expr;
  const children: ChildMap = {
    stmt: (child) => {
      if (visitor.stmt?.(child) !== false) mapChildren(child, children);
      return child;
    },
    expr: (child) => {
      if (enterExpr !== undefined) walkExpr(child, enterExpr);
      return child;
    },
  };
  children.stmt(node);
}

/** Rewrites every expression from the leaves up. */
export function rewriteExpr(node: Expr, f: (node: Expr) => Expr): Expr {
  const rewritten = (child: Expr): Expr => f(mapExprChildren(child, rewritten));
  return rewritten(node);
}

export interface Rewrite {
  readonly expr?: (node: Expr) => Expr;
  readonly stmt?: (node: Stmt) => Stmt;
}

/** Rewrites every statement and expression from the leaves up. */
export function rewrite(node: Stmt, f: Rewrite): Stmt {
  const [rewriteOne, { expr }] = [f.stmt ?? ((stmt: Stmt) => stmt), f];
  const children: ChildMap = {
    expr: expr === undefined ? (child) => child : (child) => rewriteExpr(child, expr),
    stmt: (child) => rewriteOne(mapChildren(child, children)),
  };
  return children.stmt(node);
}

/** Replaces variables by expressions, everywhere below. */
export function substitute(node: Stmt, values: ReadonlyMap<string, Expr>): Stmt {
  return rewrite(node, { expr: (expr) => replaceVar(expr, values) });
}

export function substituteExpr(node: Expr, values: ReadonlyMap<string, Expr>): Expr {
  return rewriteExpr(node, (expr) => replaceVar(expr, values));
}

const replaceVar = (expr: Expr, values: ReadonlyMap<string, Expr>): Expr =>
  expr.kind === 'var' ? (values.get(expr.name) ?? expr) : expr;
