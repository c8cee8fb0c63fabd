import { dimEquals, isStatic } from '../../ir/dim.ts';
import { boundsOf } from '../../ir/tensor/bounds.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { addIntervals, point, scaleInterval } from '../../ir/tensor/interval.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Block, Buffer, Expr, Iter, Store } from '../../ir/tensor/tensor-func.ts';
import { loopRanges, variablesIn } from './extents.ts';
import type { BlockSite } from './nests.ts';

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

/**
 * Whether a block runs for every value of its iteration variables: its predicate cuts off only what lies outside of
 * their extents (the overrun of a split, or of a region that reaches over a border).
 */
export function runsForAll({ block, loops }: BlockSite): boolean {
  const ranges = loopRanges(loops);
  return conjuncts(block.predicate).every((part) => block.iters.some((iter) => followsFrom(part, iter)));

  function followsFrom(part: Expr, { value, extent }: Iter): boolean {
    if (part.kind !== 'binary') return false;
    const [left, right] = [part.left, part.right];
    if (part.op === 'ge' && isZero(right)) return isSame(left, value);
    if (part.op === 'le' && isZero(left)) return isSame(right, value);
    if (part.op !== 'lt' || right.kind !== 'const' || !isStatic(extent)) return false;
    const factor = factorOf(value, left);
    // value = factor * left + rest with 0 <= rest < factor: below its extent, left is at most (extent - 1) / factor.
    return factor !== undefined && Math.floor((extent - 1) / factor) < Number(right.value);
  }

  function isSame(a: Expr, b: Expr): boolean {
    return exprKey(simplify(a, ranges)) === exprKey(simplify(b, ranges));
  }

  function factorOf(value: Expr, part: Expr): number | undefined {
    const [whole, small] = [linearOf(simplify(value, ranges)), linearOf(simplify(part, ranges))];
    const [key, first] = [...small.terms][0] ?? [];
    const factor =
      key === undefined || first === undefined ? 0 : (whole.terms.get(key)?.coefficient ?? 0) / first.coefficient;
    if (!Number.isInteger(factor) || factor < 1) return undefined;
    const isMultiple = [...small.terms].every(([k, t]) => whole.terms.get(k)?.coefficient === factor * t.coefficient);
    const rest = [...whole.terms]
      .filter(([k]) => !small.terms.has(k))
      .map(([, { atom, coefficient }]) => scaleInterval(boundsOf(atom, ranges), coefficient))
      .reduce(addIntervals, point(whole.constant - factor * small.constant));
    return isMultiple && rest.min >= 0 && rest.max < factor ? factor : undefined;
  }
}

const isZero = (expr: Expr): boolean => expr.kind === 'const' && Number(expr.value) === 0;
