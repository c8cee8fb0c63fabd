import { isStatic } from '../../ir/dim.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import type { Expr, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { elementCount } from '../../ir/tensor-data.ts';
import { type Access, accessesOf } from '../analysis/accesses.ts';
import { constantExtent, variablesIn } from '../analysis/extents.ts';
import { allBuffers, type BlockSite } from '../analysis/nests.ts';

/**
 * How far an access moves in its buffer, in elements, when a loop takes one step; undefined where the steps differ (a
 * gather, a quotient). Loops that it does not follow are absent.
 */
export type Strides = ReadonlyMap<string, number | undefined>;

export interface StridedAccess {
  readonly access: Access;
  /** Undefined where the buffer's shape is not known. */
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
  const strides = new Map<string, number | undefined>();
  let step = 1;
  for (let axis = access.indices.length - 1; axis >= 0; axis--) {
    const [index, dim] = [access.indices[axis], shape[axis]];
    if (index === undefined || dim === undefined || !isStatic(dim)) return undefined;
    for (const { atom, coefficient } of linearOf(index).terms.values()) addStride(strides, atom, coefficient * step);
    step *= dim;
  }
  return strides;
}

function addStride(strides: Map<string, number | undefined>, atom: Expr, step: number): void {
  if (atom.kind === 'var') {
    const sum = strides.has(atom.name) ? strides.get(atom.name) : 0;
    strides.set(atom.name, sum === undefined ? undefined : sum + step);
  } else for (const name of variablesIn(atom)) strides.set(name, undefined);
}

/** How far an access moves with a loop: 0 where it does not follow it, undefined where its steps differ. */
export const strideAlong = ({ strides }: StridedAccess, loop: string): number | undefined =>
  strides === undefined || strides.has(loop) ? strides?.get(loop) : 0;

/** Bytes that a block reads of the largest of some operands in 32 bits, each element counted once. */
export function bytesRead(func: TensorFunc, site: BlockSite, loads: readonly StridedAccess[]): number {
  const elements = ({ access, strides }: StridedAccess): number => {
    const reads = [...(strides?.keys() ?? [])].reduce((count, loop) => count * extentOf(site, loop), 1);
    const shape = allBuffers(func).find(({ name }) => name === access.buffer)?.shape ?? [];
    return shape.every(isStatic) ? Math.min(reads, elementCount(shape)) : reads;
  };
  return 4 * Math.max(...loads.map(elements));
}

/** The extent of a loop of a site; 1 where there is no such loop. */
export function extentOf(site: BlockSite, loopVar: string): number {
  const loop = site.loops.find((candidate) => candidate.loopVar === loopVar);
  return loop === undefined ? 1 : (constantExtent(loop) ?? 1);
}
