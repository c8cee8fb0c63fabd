import { dimEquals } from '../../ir/dim.ts';
import type { Block, Buffer, Expr, Iter, Store } from '../../ir/tensor/tensor-func.ts';
import { variablesIn } from './extents.ts';

/** The kinds of the iteration variables that a loop feeds. */
export function feeds(block: Block, loop: string): ReadonlySet<Iter['kind']> {
  return new Set(block.iters.filter(({ value }) => variablesIn(value).has(loop)).map(({ kind }) => kind));
}

export const reduceIters = (block: Block): readonly Iter[] => block.iters.filter(({ kind }) => kind === 'reduce');

/**
 * For each dimension of a store, the iteration variable that is its index: null where the index is 0 and the dimension
 * 1. Undefined where the store is not of this plain form, or a spatial variable of more than one value is missing.
 */
export function plainDims(block: Block, store: Store, buffer: Buffer): readonly (Iter | null)[] | undefined {
  const dims = store.indices.map((index, d) => plainDim(block, index, buffer.shape[d]));
  const used = new Set(dims);
  const distinct = dims.filter((dim) => dim).length === [...used].filter((dim) => dim).length;
  const complete = block.iters.every((iter) => iter.kind === 'reduce' || iter.extent === 1 || used.has(iter));
  return distinct && complete && dims.every((dim) => dim !== undefined) ? dims : undefined;
}

function plainDim(block: Block, index: Expr, extent: Buffer['shape'][number] | undefined): Iter | null | undefined {
  if (index.kind === 'const') return Number(index.value) === 0 && extent === 1 ? null : undefined;
  if (index.kind !== 'var' || extent === undefined) return undefined;
  return block.iters.find(
    (iter) => iter.name === index.name && iter.kind === 'spatial' && dimEquals(iter.extent, extent),
  );
}

/** The parts of a conjunction. */
export const conjuncts = (expr: Expr | undefined): readonly Expr[] => {
  if (expr === undefined) return [];
  return expr.kind === 'binary' && expr.op === 'and' ? [...conjuncts(expr.left), ...conjuncts(expr.right)] : [expr];
};
