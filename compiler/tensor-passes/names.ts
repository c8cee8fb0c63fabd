import type { DType } from '../../ir/dtype.ts';
import { variable } from '../../ir/tensor/build.ts';
import type { Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, substituteExpr, walk } from '../../ir/tensor/visit.ts';

/** Gives names that a function does not use yet, made from a base name. */
export type FreshName = (base: string) => string;

/** A supply of names for one function. Holds state: every name that it gives counts as used. */
export function freshNames(func: TensorFunc): FreshName {
  const used = new Set<string>(func.sizes);
  for (const { name } of [...func.inputs, ...func.outputs, ...func.temps]) used.add(name);
  walk(func.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'for') used.add(stmt.loopVar);
      if (stmt.kind === 'let' || stmt.kind === 'block') used.add(stmt.name);
      if (stmt.kind === 'block') for (const iter of stmt.iters) used.add(iter.name);
    },
  });
  const counters = new Map<string, number>();
  return (base) => {
    const stem = base.replace(/\.\d+$/, '');
    let count = counters.get(stem) ?? 0;
    let name = count === 0 && !used.has(stem) ? stem : '';
    while (name === '') {
      count++;
      if (!used.has(`${stem}.${count}`)) name = `${stem}.${count}`;
    }
    counters.set(stem, count);
    used.add(name);
    return name;
  };
}

/**
 * A copy in which `values` replace variables and every loop and let has a new name. `replace` is how expressions are
 * rewritten.
 */
export function copyStmt(
  stmt: Stmt,
  fresh: FreshName,
  values: ReadonlyMap<string, Expr> = new Map(),
  replace: (expr: Expr, values: ReadonlyMap<string, Expr>) => Expr = substituteExpr,
): Stmt {
  const replaced = new Map(values);
  const names = new Map<string, string>();
  const rename = (name: string, dtype: DType, lanes: number): string => {
    const renamed = fresh(name);
    names.set(name, renamed);
    replaced.set(name, variable(renamed, dtype, lanes));
    return renamed;
  };
  const copy = (node: Stmt): Stmt => {
    let target = node;
    if (node.kind === 'for') target = { ...node, loopVar: rename(node.loopVar, 'i32', 1) };
    if (node.kind === 'let') target = { ...node, name: rename(node.name, node.value.dtype, lanesOf(node.value)) };
    if (node.kind === 'assign') target = { ...node, name: names.get(node.name) ?? node.name };
    return mapChildren(target, { stmt: copy, expr: (child) => replace(child, replaced) });
  };
  return copy(stmt);
}
