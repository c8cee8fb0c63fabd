import { isStatic } from '../../ir/dim.ts';
import { dimExpr, int } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { fromLinear, shiftLinear } from '../../ir/tensor/linear.ts';
import { simplify, sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Buffer, Expr, For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { type Access, accessesOf } from './accesses.ts';
import { fillsBox, runsForAll } from './coverage.ts';
import { bodyRanges, loopRanges, mergeRanges } from './extents.ts';
import { plainDims } from './iters.ts';
import type { BlockSite } from './nests.ts';
import { storesOf } from './reduction.ts';
import { type Span, spanOf } from './regions.ts';

/** All of a dimension, or so many of its indices from `min` on; those beyond the dimension's extent count not. */
export type WrittenPart = 'all' | { readonly min: Expr; readonly extent: Expr };

/**
 * The elements of a buffer that a block writes while the loops `around` stand still, dimension by dimension: just
 * those, and over all iterations every element. Undefined where they are not known to be a box.
 */
export function writtenParts(
  func: TensorFunc,
  writer: BlockSite,
  buffer: Buffer,
  around: readonly For[],
): readonly WrittenPart[] | undefined {
  const { block, loops } = writer;
  const stores = storesOf(block).filter((store) => store.buffer === buffer.name);
  if (!runsForAll(writer) || stores.some((store) => plainDims(block, store, buffer) === undefined)) return undefined;
  const writes = accessesOf(writer).filter((access) => access.write && access.buffer === buffer.name);
  const fixed = new Set([...func.sizes, ...around.map(({ loopVar }) => loopVar)]);
  const ranges = mergeRanges(sizeRanges(func), loopRanges(loops), bodyRanges(block));
  const free = loops.filter((loop) => !around.includes(loop));
  const isAll = buffer.shape.map((_, d) => writes.every((write) => runsThroughAll(write, d, buffer, free)));
  const rest = writes.map(({ indices }) => indices.filter((_, d) => isAll[d] !== true));
  if (!rest.every((indices) => fillsBox(indices, ranges, fixed))) return undefined;
  const parts = buffer.shape.map((extent, d): WrittenPart | undefined => {
    if (isAll[d] === true) return 'all';
    const span = spanOf(
      writes.flatMap(({ indices }) => indices[d] ?? []),
      fixed,
      ranges,
    );
    return span && partOf(span, extent);
  });
  return parts.some((part) => part === undefined) ? undefined : parts.filter((part) => part !== undefined);
}

/** Whether an index is just a loop over the whole dimension, of an extent that may be symbolic. */
function runsThroughAll({ indices }: Access, dim: number, { shape }: Buffer, free: readonly For[]): boolean {
  const index = indices[dim] === undefined ? undefined : simplify(indices[dim]);
  const loop = free.find(({ loopVar }) => index?.kind === 'var' && index.name === loopVar);
  return loop !== undefined && exprKey(simplify(loop.extent)) === exprKey(simplify(dimExpr(shape[dim] ?? 1)));
}

function partOf({ base, offsets }: NonNullable<Span>, extent: Buffer['shape'][number]): WrittenPart {
  const isConstant = base.terms.size === 0;
  if (isConstant && isStatic(extent) && offsets.min <= 0 && offsets.max >= extent - 1) return 'all';
  const min = isConstant ? int(offsets.min) : fromLinear(shiftLinear(base, offsets.min));
  return { min, extent: int(offsets.max - offsets.min + 1) };
}
