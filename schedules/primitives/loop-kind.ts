import type { LoopKind, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { constantExtent } from '../analysis/extents.ts';
import { fail, type LoopSite, replaceLoop } from '../analysis/nests.ts';

/** The function with a serial loop made one of another kind. */
export function withLoopKind(func: TensorFunc, { loop }: LoopSite, loopKind: LoopKind): TensorFunc {
  if (loop.loopKind !== 'serial') fail(func, `loop '${loop.loopVar}'`, `it is ${loop.loopKind} already`);
  return update(func, { body: replaceLoop(func.body, loop.loopVar, (node) => update(node, { loopKind })) });
}

export function requireConstant(func: TensorFunc, { loop }: LoopSite, kind: LoopKind): void {
  if (constantExtent(loop) === undefined)
    fail(func, `loop '${loop.loopVar}'`, `its extent is not a constant, so it cannot be ${kind}: split it first`);
}
