import { isStatic } from '../../ir/dim.ts';
import { asAffine } from '../../ir/tensor/affine.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { type Access, accessesOf } from '../analysis/accesses.ts';
import { constantExtent } from '../analysis/extents.ts';
import { allBuffers, type BlockSite } from '../analysis/nests.ts';

/** How far an access moves in its buffer, in elements, when a loop takes one step. Loops that it does not follow are absent. */
export type Strides = ReadonlyMap<string, number>;

export interface StridedAccess {
  readonly access: Access;
  /** Undefined where the offset is not an affine function of the loops (a gather). */
  readonly strides: Strides | undefined;
}

/** The loads (or stores) of a block with their strides; those of its own result, which a reduction reads, left out. */
export function loadsOf(func: TensorFunc, site: BlockSite): readonly StridedAccess[] {
  const accesses = accessesOf(site);
  const written = new Set(accesses.flatMap((access) => (access.write ? [access.buffer] : [])));
  return accesses
    .filter((access) => !access.write && !written.has(access.buffer))
    .map((access) => ({ access, strides: stridesOf(func, access) }));
}

export const storesOf = (func: TensorFunc, site: BlockSite): readonly StridedAccess[] =>
  accessesOf(site)
    .filter((access) => access.write)
    .map((access) => ({ access, strides: stridesOf(func, access) }));

function stridesOf(func: TensorFunc, access: Access): Strides | undefined {
  const shape = allBuffers(func).find((buffer) => buffer.name === access.buffer)?.shape ?? [];
  const strides = new Map<string, number>();
  let step = 1;
  for (let axis = access.indices.length - 1; axis >= 0; axis--) {
    const [index, dim] = [access.indices[axis], shape[axis]];
    const affine = index && asAffine(index);
    if (affine === undefined || dim === undefined || !isStatic(dim)) return undefined;
    for (const [name, coefficient] of affine.terms) strides.set(name, (strides.get(name) ?? 0) + coefficient * step);
    step *= dim;
  }
  return strides;
}

export const strideAlong = (strided: StridedAccess, loop: string): number | undefined =>
  strided.strides === undefined ? undefined : (strided.strides.get(loop) ?? 0);

/** The extent of a loop of a site; 1 where there is no such loop. */
export function extentOf(site: BlockSite, loopVar: string): number {
  const loop = site.loops.find((candidate) => candidate.loopVar === loopVar);
  return loop === undefined ? 1 : (constantExtent(loop) ?? 1);
}
