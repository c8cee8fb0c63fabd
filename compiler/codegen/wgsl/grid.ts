import { invariant } from '../../../ir/errors.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../../ir/tensor/typing.ts';
import { walk } from '../../../ir/tensor/visit.ts';

/** How many run a kernel: workgroups, and invocations of each. */
export interface Grid {
  readonly workgroups: readonly [x: number, y: number, z: number];
  readonly workgroupSize: readonly [x: number, y: number, z: number];
}

/** The extents of the loops over workgroups and over the invocations of one. */
export const gridOf = (func: TensorFunc): Grid => ({
  workgroups: extents(func, 'workgroup'),
  workgroupSize: extents(func, 'invocation'),
});

/** By axis. Of several loops over one axis of invocations the longest counts: the others leave some without work. */
function extents({ name, body }: TensorFunc, level: 'workgroup' | 'invocation'): readonly [number, number, number] {
  const found = new Map<string, number>();
  walk(body, {
    stmt: (node) => {
      if (node.kind !== 'for' || !isThreadAxis(node.loopKind) || !node.loopKind.startsWith(level)) return;
      invariant(node.extent.kind === 'const', `${name}: the extent of ${node.loopVar} is known`);
      found.set(node.loopKind, Math.max(Number(node.extent.value), found.get(node.loopKind) ?? 1));
    },
  });
  const along = (axis: string): number => found.get(`${level}.${axis}`) ?? 1;
  return [along('x'), along('y'), along('z')];
}
