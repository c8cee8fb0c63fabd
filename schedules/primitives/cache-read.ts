import type { Buffer } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { readBy, writersOf } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { namesIn, takeName } from '../analysis/names.ts';
import { aroundNest, fail, findBlock, findBuffer, nestMates, replaceBlock } from '../analysis/nests.ts';
import { listOf, oneOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { redirect } from './cache-write.ts';
import { copyNest } from './copy-nest.ts';
import { scopes } from './set-scope.ts';

/**
 * Lets a block read from a new temp `<buffer>_<scope>` of the same shape, into which a block `<buffer>_copy` in a nest
 * before it copies. Its loops are called `<buffer>_copy_0`, … unless `names` says otherwise.
 *
 *   for i in 8 { block B(v: spatial(8) = i) { %B[v] = exp(%A[v]) } }
 *     →
 *   for A_copy_0 in 8 { block A_copy(A_copy_v0: spatial(8) = A_copy_0) { %A_local[A_copy_v0] = %A[A_copy_v0] } }
 *   for i in 8 { block B(v: spatial(8) = i) { %B[v] = exp(%A_local[v]) } }
 */
export const cacheRead: Primitive<'cache-read'> = {
  name: 'cache-read',
  fields: { block: text, buffer: text, scope: oneOf(scopes), names: optional(listOf(text)) },
  apply: (func, { block, buffer, scope, names }) => {
    const [site, source] = [findBlock(func, block), findBuffer(func, buffer)];
    const place = `block '${block}'`;
    if (!readBy(site).has(buffer)) fail(func, place, `it does not read '${buffer}'`);
    const [writer] = writersOf(nestMates(func, block), buffer);
    if (writer !== undefined) fail(func, place, `block '${writer.block.name}' in the same nest writes '${buffer}'`);
    const cache: Buffer = { ...source, scope, name: takeName(namesIn(func).buffers, `${buffer}_${scope}`) };
    const copy = copyNest(func, place, { from: source, to: cache, name: buffer, names });
    const redirected = replaceBlock(func.body, block, (node) => redirect(node, buffer, cache.name));
    const body = aroundNest(update(func, { body: redirected }), block, { before: copy });
    return requireLoopKinds(update(func, { body, temps: [...func.temps, cache] }));
  },
};
