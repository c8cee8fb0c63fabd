import { int, seq } from '../../ir/tensor/build.ts';
import type { For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, update } from '../../ir/tensor/visit.ts';
import { copyStmt, type FreshName, freshNames } from './names.ts';
import { createSubstitution, type Substitution } from './substitution.ts';

/** More iterations than this stay a loop, whatever the schedule asks for. */
const maxIterations = 256;

/**
 * Expands loops of the kind `unrolled` and loops of one iteration; an unrolled loop without a constant extent becomes
 * serial.
 *
 *   for i in 2 unrolled { %y[i] = %x[i] }   →   %y[0] = %x[0]  %y[1] = %x[1]
 */
export function unroll(func: TensorFunc): TensorFunc {
  const context = { fresh: freshNames(func), substitution: createSubstitution() };
  return update(func, { body: expand(func.body, context) });
}

interface Context {
  readonly fresh: FreshName;
  readonly substitution: Substitution;
}

function expand(stmt: Stmt, context: Context): Stmt {
  const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => expand(child, context) });
  if (inner.kind === 'seq') return inner === stmt ? stmt : seq(inner.stmts);
  if (inner.kind !== 'for') return inner;
  const extent = inner.extent.kind === 'const' ? Number(inner.extent.value) : undefined;
  if (extent !== undefined && extent <= 0) return seq([]);
  // Annotations mark a part of a parallel loop, which only one thread runs.
  if (extent === 1 && inner.annotations === undefined) return iteration(inner, 0, context);
  if (inner.loopKind !== 'unrolled') return inner;
  if (extent === undefined || extent > maxIterations) return update(inner, { loopKind: 'serial' });
  return seq(Array.from({ length: extent }, (_, at) => iteration(inner, at, context)));
}

/** The body for one value of the loop's variable; the first takes over the names in it. */
function iteration(loop: For, at: number, { fresh, substitution }: Context): Stmt {
  const values = new Map([[loop.loopVar, int(at)]]);
  const keep: FreshName = (name) => name;
  return decide(copyStmt(loop.body, at === 0 ? keep : fresh, values, substitution));
}

/** Drops the branches that constants have decided. */
function decide(stmt: Stmt): Stmt {
  const inner = mapChildren(stmt, { expr: (expr) => expr, stmt: decide });
  if (inner.kind === 'seq') return inner === stmt ? stmt : seq(inner.stmts);
  if (inner.kind !== 'if' || inner.cond.kind !== 'const') return inner;
  return Number(inner.cond.value) === 0 ? (inner.else ?? seq([])) : inner.then;
}
