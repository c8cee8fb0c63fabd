import type { Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../../ir/tensor/typing.ts';
import { mapChildren } from '../../../ir/tensor/visit.ts';

/** What binds a variable: how many such scopes stand around what it binds, and how many loops that an invocation runs. */
export interface Scope {
  readonly depth: number;
  readonly level: number;
}

export const outermost: Scope = { depth: 0, level: 0 };

/** By variable, names being unique in a function. A register, which changes, has none. */
export type Scopes = ReadonlyMap<string, Scope>;

/** The variable of the scope that a statement opens. */
export function scopeVariable(stmt: Stmt): string | undefined {
  if (stmt.kind === 'for') return stmt.loopVar;
  return stmt.kind === 'let' && !stmt.mutable ? stmt.name : undefined;
}

export function scopesOf({ sizes, body }: TensorFunc): Scopes {
  const scopes = new Map(sizes.map((size) => [size, outermost]));
  const visit = (stmt: Stmt, around: Scope): Stmt => {
    const name = scopeVariable(stmt);
    const level = around.level + (stmt.kind === 'for' && !isThreadAxis(stmt.loopKind) ? 1 : 0);
    const inner = name === undefined ? around : { depth: around.depth + 1, level };
    if (name !== undefined) scopes.set(name, inner);
    return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, inner) });
  };
  visit(body, outermost);
  return scopes;
}
