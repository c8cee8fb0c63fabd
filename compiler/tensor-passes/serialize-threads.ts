import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../ir/tensor/typing.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';

/**
 * Runs the workgroups and invocations of a GPU one after the other, on a target that has neither: their iterations are
 * independent.
 *
 *   for i in 64 workgroup.x { … }   →   for i in 64 { … }
 */
export const serializeThreads = (func: TensorFunc): TensorFunc =>
  update(func, {
    body: rewrite(func.body, {
      stmt: (stmt) =>
        stmt.kind === 'for' && isThreadAxis(stmt.loopKind) ? update(stmt, { loopKind: 'serial' }) : stmt,
    }),
  });
