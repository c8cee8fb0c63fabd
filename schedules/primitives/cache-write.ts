import type { Block, Buffer, Expr, Stmt, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';
import { loadsIn, touchersOf, writersOf, writtenBy } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { runsForAll } from '../analysis/coverage.ts';
import { plainDims } from '../analysis/iters.ts';
import { namesIn, takeName } from '../analysis/names.ts';
import {
  aroundNest,
  type BlockSite,
  blockSites,
  fail,
  findBlock,
  findBuffer,
  nestMates,
  replaceBlock,
} from '../analysis/nests.ts';
import { storesOf } from '../analysis/reduction.ts';
import { listOf, oneOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { copyNest } from './copy-nest.ts';
import { scopes } from './set-scope.ts';

/**
 * Lets a block write a new temp `<buffer>_<scope>` of the same shape, which a block `<buffer>_copy` in a nest after it
 * copies. Its loops are called `<buffer>_copy_0`, … unless `names` says otherwise.
 *
 *   for i in 8 { block B(v: spatial(8) = i) { %B[v] = exp(%A[v]) } }
 *     →
 *   for i in 8 { block B(v: spatial(8) = i) { %B_local[v] = exp(%A[v]) } }
 *   for B_copy_0 in 8 { block B_copy(B_copy_v0: spatial(8) = B_copy_0) { %B[B_copy_v0] = %B_local[B_copy_v0] } }
 */
export const cacheWrite: Primitive<'cache-write'> = {
  name: 'cache-write',
  fields: { block: text, scope: oneOf(scopes), names: optional(listOf(text)) },
  apply: (func, { block, scope, names }) => {
    const target = cacheable(func, findBlock(func, block));
    const cache: Buffer = { ...target, scope, name: takeName(namesIn(func).buffers, `${target.name}_${scope}`) };
    const copy = copyNest(func, `block '${block}'`, { from: cache, to: target, name: target.name, names });
    const redirected = replaceBlock(func.body, block, (node) => redirect(node, target.name, cache.name));
    const body = aroundNest(update(func, { body: redirected }), block, { after: copy });
    return requireLoopKinds(update(func, { body, temps: [...func.temps, cache] }));
  },
};

/** Lets the loads and stores of a statement go to another buffer of the same shape. */
export function redirect(stmt: Stmt, from: string, to: string): Stmt {
  const move = <T extends Expr | Stmt>(node: T): T =>
    'buffer' in node && node.buffer === from ? { ...node, buffer: to } : node;
  return rewrite(stmt, { expr: move, stmt: move });
}

/** The buffer that a block alone writes, and all of. */
export function cacheable(func: TensorFunc, site: BlockSite): Buffer {
  const { block } = site;
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const [name, ...more] = writtenBy(site);
  if (name === undefined || more.length > 0) return refuse('it does not write just one buffer');
  const buffer = findBuffer(func, name);
  if (writersOf(blockSites(func), name).length > 1) return refuse(`other blocks write '${name}' as well`);
  const mate = touchersOf(nestMates(func, block.name), name).find((other) => other.block !== block);
  if (mate !== undefined) return refuse(`block '${mate.block.name}' in the same nest uses '${name}'`);
  if (!writesAll(block, buffer) || !runsForAll(site))
    return refuse(`it is not known to write every element of '${name}'`);
  if (block.init === undefined && loadsIn(block.body).has(name))
    return refuse(`it reads '${name}' itself and has no init`);
  return buffer;
}

const writesAll = (block: Block, buffer: Buffer): boolean => {
  const stores: readonly Store[] = storesOf(block);
  return stores.every((store) => plainDims(block, store, buffer) !== undefined);
};
