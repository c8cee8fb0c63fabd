import { int } from '../../ir/tensor/build.ts';
import type { Block, Expr, Iter, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, substituteExpr, update } from '../../ir/tensor/visit.ts';
import { loadsIn, readersOf, writersOf } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { runsForAll } from '../analysis/coverage.ts';
import { plainDims, reduceIters } from '../analysis/iters.ts';
import { type BlockSite, blockSites, fail, findBlock, findBuffer, nothing, replaceBlock } from '../analysis/nests.ts';
import { positionOf, requireSettledInputs } from '../analysis/order.ts';
import { singleStore } from '../analysis/reduction.ts';
import { text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Computes a temporary buffer where it is read, and removes it. Its block must be one store over spatial variables.
 *
 *   for i in 8 { block T(vi: spatial(8) = i) { %T[vi] = exp(%A[vi]) } }
 *   for j in 8 { block B(vj: spatial(8) = j) { %B[vj] = %T[vj] + 1f32 } }
 *     →
 *   for j in 8 { block B(vj: spatial(8) = j) { %B[vj] = exp(%A[vj]) + 1f32 } }
 */
export const computeInline: Primitive<'compute-inline'> = {
  name: 'compute-inline',
  fields: { block: text },
  apply: (func, args) => {
    const site = findBlock(func, args.block);
    const { store, dims } = inlinable(func, site);
    const body = replaceBlock(func.body, args.block, () => nothing);
    const inlined = rewrite(body, {
      expr: (expr) =>
        expr.kind === 'load' && expr.buffer === store.buffer ? valueAt(site.block, store, dims, expr.indices) : expr,
    });
    return requireLoopKinds(
      update(func, { body: inlined, temps: func.temps.filter((temp) => temp.name !== store.buffer) }),
    );
  },
};

/** The stored value, the iteration variables replaced by the indices of a load; one that is no index has only the value 0. */
function valueAt(block: Block, { value }: Store, dims: readonly (Iter | null)[], indices: readonly Expr[]): Expr {
  const positions = block.iters.map((iter) => [iter.name, indices[dims.indexOf(iter)] ?? int(0)] as const);
  return substituteExpr(value, new Map(positions));
}

function inlinable(
  func: TensorFunc,
  site: BlockSite,
): { readonly store: Store; readonly dims: readonly (Iter | null)[] } {
  const { block } = site;
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const store = singleStore(block.body);
  if (store === undefined || block.init !== undefined || reduceIters(block).length > 0)
    return refuse('only a block that is a single store, without a reduction, can be inlined');
  const buffer = findBuffer(func, store.buffer);
  if (!func.temps.includes(buffer)) return refuse(`'${buffer.name}' is not a temp`);
  if (loadsIn(block.body).has(buffer.name)) return refuse(`it reads '${buffer.name}' itself`);
  const dims = plainDims(block, store, buffer);
  if (dims === undefined) return refuse(`its indices of '${buffer.name}' are not just its iteration variables`);
  if (!runsForAll(site)) return refuse('its predicate leaves out elements');
  const sites = blockSites(func);
  const others = sites.filter((other) => other.block !== block);
  if (writersOf(others, buffer.name).length > 0) return refuse(`another block writes '${buffer.name}' as well`);
  if (readersOf(sites, buffer.name).length === 0) return refuse(`no block reads '${buffer.name}'`);
  requireSettledInputs(func, site, positionOf(sites, block));
  return { store, dims };
}
