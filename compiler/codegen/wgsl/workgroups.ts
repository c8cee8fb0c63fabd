import { ScheduleError } from '../../../ir/errors.ts';
import type { Stmt, TensorFunc, ThreadAxis } from '../../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../../ir/tensor/typing.ts';
import { mapChildren } from '../../../ir/tensor/visit.ts';
import { gridOf } from './grid.ts';

const axes = ['workgroup.x', 'workgroup.y', 'workgroup.z'] as const satisfies readonly ThreadAxis[];

/**
 * Workgroups of a dispatch cannot wait for one another. So none may read or write again what others have written: loops over
 * workgroups stand under no serial loop and beside none of their kind, and all that writes to buffers which they share stands
 * under them. Throws ScheduleError where a kernel in flat form is otherwise.
 */
export function requireApart(func: TensorFunc): void {
  const { workgroups } = gridOf(func);
  const used: ReadonlySet<string> = new Set(axes.filter((_, i) => (workgroups[i] ?? 1) > 1));
  if (used.size === 0) return;
  const own = new Set(func.temps.filter(({ scope }) => scope !== 'global').map(({ name }) => name));
  const refuse = (what: string): never => {
    throw new ScheduleError(func.name, what, 'workgroups would have to wait for one another');
  };

  /** Checks a statement under loops over these axes. Returns whether a loop over workgroups is in it. */
  const check = (stmt: Stmt, around: ReadonlySet<string>): boolean => {
    if (stmt.kind === 'store' && !own.has(stmt.buffer) && around.size < used.size) refuse(`buffer '${stmt.buffer}'`);
    const isOver = stmt.kind === 'for' && used.has(stmt.loopKind);
    const under = isOver ? new Set([...around, stmt.loopKind]) : around;
    let within = 0;
    mapChildren(stmt, {
      expr: (expr) => expr,
      stmt: (child) => {
        if (check(child, under)) within++;
        return child;
      },
    });
    if (within > 1) refuse('loops over workgroups beside one another');
    if (within > 0 && stmt.kind === 'for' && !isThreadAxis(stmt.loopKind)) refuse(`loop '${stmt.loopVar}'`);
    return isOver || within > 0;
  };
  check(func.body, new Set());
}
