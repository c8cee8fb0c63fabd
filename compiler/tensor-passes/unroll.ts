import { int, seq } from '../../ir/tensor/build.ts';
import { simplifyFunc } from '../../ir/tensor/simplify.ts';
import type { For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, substitute, update } from '../../ir/tensor/visit.ts';
import { copyStmt, type FreshName, freshNames } from './names.ts';

/** More iterations than this stay a loop, whatever the schedule asks for. */
const maxIterations = 256;

/**
 * Expands loops of the kind `unrolled` and loops of one iteration; an unrolled loop without a constant extent becomes
 * serial.
 *
 *   for i in 2 unrolled { %y[i] = %x[i] }   →   %y[0] = %x[0]  %y[1] = %x[1]
 */
export function unroll(func: TensorFunc): TensorFunc {
  const fresh = freshNames(func);
  const body = expand(func.body, fresh);
  return body === func.body ? func : simplifyFunc({ ...func, body });
}

function expand(stmt: Stmt, fresh: FreshName): Stmt {
  if (stmt.kind === 'seq') {
    const stmts = stmt.stmts.map((child) => expand(child, fresh));
    return stmts.every((child, i) => child === stmt.stmts[i]) ? stmt : seq(stmts);
  }
  const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => expand(child, fresh) });
  if (inner.kind !== 'for') return inner;
  const extent = inner.extent.kind === 'const' ? Number(inner.extent.value) : undefined;
  if (extent === 0) return seq([]);
  if (extent === 1) return substitute(inner.body, new Map([[inner.loopVar, int(0)]]));
  if (inner.loopKind !== 'unrolled') return inner;
  return extent === undefined || extent > maxIterations
    ? update(inner, { loopKind: 'serial' })
    : iterations(inner, extent, fresh);
}

function iterations(loop: For, extent: number, fresh: FreshName): Stmt {
  const copies = Array.from({ length: extent }, (_, at) => {
    const value = new Map([[loop.loopVar, int(at)]]);
    return at === 0 ? substitute(loop.body, value) : copyStmt(loop.body, fresh, value);
  });
  return seq(copies);
}
