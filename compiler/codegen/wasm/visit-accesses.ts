import { boundsOf } from '../../../ir/tensor/bounds.ts';
import type { Expr, Load, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren } from '../../../ir/tensor/visit.ts';
import { opensScope, type Variables } from '../variables.ts';
import { type Access, accessOf, laneAddresses } from './access.ts';
import { elementType, elementTypes } from './buffers.ts';

interface Guard {
  readonly depth: number;
  readonly guardDepth: number;
  readonly isMasked: boolean;
}

/**
 * Calls `visit` on every load and store. `guardDepth` is the depth of the innermost scope in which something decides
 * whether the access happens (an `if`, a `select`, a loop that may have no round); -1 where nothing does.
 */
export function visitAccesses(
  func: TensorFunc,
  variables: Variables,
  visit: (access: Access, guardDepth: number) => void,
): void {
  const types = elementTypes(func);
  const access = (buffer: string, indices: readonly Expr[]): Access =>
    accessOf(buffer, elementType(types, buffer), indices, variables.polynomials);

  /** Under a vector's `select` the lanes of a load are guarded each for itself. */
  const visitLoad = (expr: Load, { guardDepth, isMasked }: Guard): void => {
    const found = access(expr.buffer, expr.indices);
    if (!isMasked || found.kind === 'scalar') visit(found, guardDepth);
    else visit({ kind: 'lanes', addresses: laneAddresses(found, expr.dtype) }, guardDepth);
  };
  const visitExpr = (expr: Expr, guard: Guard): Expr => {
    if (expr.kind === 'select') {
      const side = { ...guard, guardDepth: guard.depth, isMasked: guard.isMasked || lanesOf(expr) > 1 };
      visitExpr(expr.cond, guard);
      visitExpr(expr.then, side);
      visitExpr(expr.else, side);
      return expr;
    }
    if (expr.kind === 'load') visitLoad(expr, guard);
    return mapExprChildren(expr, (child) => visitExpr(child, guard));
  };
  const visitStmt = (stmt: Stmt, depth: number, guardDepth: number): Stmt => {
    if (stmt.kind === 'store') visit(access(stmt.buffer, stmt.indices), guardDepth);
    const isGuard = stmt.kind === 'if' || (stmt.kind === 'for' && boundsOf(stmt.extent, variables.ranges).min < 1);
    const inner = opensScope(stmt) ? depth + 1 : depth;
    mapChildren(stmt, {
      expr: (expr) => visitExpr(expr, { depth, guardDepth, isMasked: false }),
      stmt: (child) => visitStmt(child, inner, isGuard ? depth : guardDepth),
    });
    return stmt;
  };
  visitStmt(func.body, 0, -1);
}
