import { isStatic } from '../../ir/dim.ts';
import { boundsOf } from '../../ir/tensor/bounds.ts';
import { load, variable } from '../../ir/tensor/build.ts';
import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Buffer, Expr, Iter, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, substituteExpr, update } from '../../ir/tensor/visit.ts';
import { loadsIn, loadsOf, writersOf } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { iterRanges, mergeRanges, readsMemory, variablesIn } from '../analysis/extents.ts';
import { namesIn, takeName } from '../analysis/names.ts';
import { aroundNest, fail, findBlock, findBuffer, nestMates, replaceBlock } from '../analysis/nests.ts';
import { sameIndices } from '../analysis/reduction.ts';
import { listOf, oneOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { fillNest } from './fill-nest.ts';
import { scopes } from './set-scope.ts';

/**
 * Lets a block read from a new temp `<buffer>_<scope>` with a dimension for each of its iteration variables that index
 * the buffer, in the order in which they do: the matrix that a convolution makes of an image, say. A block
 * `<buffer>_copy` in a nest before it gathers the elements; its loops are called `<buffer>_copy_0`, … unless `names` says
 * otherwise. After TVM's primitive of that name.
 *
 *   block B(v: spatial(6) = i, w: reduce(3) = k) { … %A[v + w] … }
 *     →
 *   block A_copy(A_copy_v0: spatial(6) = …, A_copy_v1: spatial(3) = …) { %A_local[A_copy_v0, A_copy_v1] = %A[A_copy_v0 + A_copy_v1] }
 *   block B(v: spatial(6) = i, w: reduce(3) = k) { … %A_local[v, w] … }
 */
export const reindexCacheRead: Primitive<'reindex-cache-read'> = {
  name: 'reindex-cache-read',
  fields: { block: text, buffer: text, scope: oneOf(scopes), names: optional(listOf(text)) },
  apply: (func, { block: name, buffer, scope, names }) => {
    const [{ block }, source] = [findBlock(func, name), findBuffer(func, buffer)];
    const place = `block '${name}'`;
    const [writer] = writersOf(nestMates(func, name), buffer);
    if (writer !== undefined) fail(func, place, `block '${writer.block.name}' in the same nest writes '${buffer}'`);
    const indices = onlyIndices(func, block, buffer);
    requireInBounds(func, block, source, indices);
    const iters = indexing(func, block, indices);
    const shape = iters.map(({ extent }) => extent);
    const cache: Buffer = { ...source, shape, scope, name: takeName(namesIn(func).buffers, `${buffer}_${scope}`) };
    const gathered = (values: readonly Expr[]): Expr => {
      const bound = new Map(iters.map((iter, i) => [iter.name, values[i] ?? variable(iter.name)]));
      return load(
        source,
        indices.map((index) => substituteExpr(index, bound)),
      );
    };
    const copy = fillNest(func, place, { to: cache, block: `${buffer}_copy`, names, value: gathered });
    const cached = load(
      cache,
      iters.map((iter) => variable(iter.name)),
    );
    const expr = (node: Expr): Expr => (node.kind === 'load' && node.buffer === buffer ? cached : node);
    const body = replaceBlock(func.body, name, (node) => rewrite(node, { expr }));
    return requireLoopKinds(
      update(func, {
        body: aroundNest(update(func, { body }), name, { before: copy }),
        temps: [...func.temps, cache],
      }),
    );
  },
};

/** The indices at which a block loads from a buffer, in one way alone. */
function onlyIndices(func: TensorFunc, { name, init, body }: Block, buffer: string): readonly Expr[] {
  const place = `block '${name}'`;
  const [first, ...others] = loadsOf(body, buffer);
  const inInit = init !== undefined && loadsIn(init).has(buffer);
  if (first === undefined || inInit) return fail(func, place, `it does not read '${buffer}' in its body alone`);
  if (!others.every(({ indices }) => sameIndices(indices, first.indices)))
    return fail(func, place, `it reads '${buffer}' at different indices`);
  return first.indices;
}

/** The copy loads for all values of the variables, whatever the block makes of them. */
function requireInBounds(func: TensorFunc, block: Block, { name, shape }: Buffer, indices: readonly Expr[]): void {
  const ranges = mergeRanges(sizeRanges(func), iterRanges(block));
  const isInside = (index: Expr, d: number): boolean => {
    const [{ min, max }, extent] = [boundsOf(index, ranges), shape[d]];
    return extent !== undefined && isStatic(extent) && min >= 0 && max < extent;
  };
  if (indices.some(readsMemory) || !indices.every(isInside))
    fail(func, `block '${block.name}'`, `its indices of '${name}' are not known to be in bounds`);
}

/** The iteration variables in some indices, in order. */
function indexing(func: TensorFunc, { name, iters }: Block, indices: readonly Expr[]): readonly Iter[] {
  const found = new Set(indices.flatMap((index) => [...variablesIn(index)]));
  return [...found].map(
    (wanted) =>
      iters.find((iter) => iter.name === wanted) ??
      fail(func, `block '${name}'`, `'${wanted}' in its indices is none of its iteration variables`),
  );
}
