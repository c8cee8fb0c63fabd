import { exprKey } from '../../ir/tensor/expr-key.ts';
import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { walk } from '../../ir/tensor/visit.ts';
import { type Access, accessesOf, loadsIn, loadsOf, storesIn, touchersOf } from './accesses.ts';
import { fillsBox, isOverrun } from './coverage.ts';
import { bodyRanges, loopRanges, mergeRanges } from './extents.ts';
import { conjuncts, feeds, reduceIters } from './iters.ts';
import { limitSpan, limitsOf, limitsSpan } from './limits.ts';
import { type BlockSite, blockSites, findBuffer } from './nests.ts';
import { sameIndices, storesOf } from './reduction.ts';
import { covers, type Span, spanOf } from './regions.ts';
import { separates } from './separation.ts';

/** The accesses of blocks by buffer, of those buffers that one of the blocks writes. */
export function writtenAccesses(sites: readonly BlockSite[]): ReadonlyMap<string, readonly Access[]> {
  const all = sites.flatMap(accessesOf);
  const written = new Set(all.flatMap((access) => (access.write ? [access.buffer] : [])));
  return new Map([...written].map((buffer) => [buffer, all.filter((access) => access.buffer === buffer)]));
}

export const namesOf = (loops: readonly For[]): readonly string[] => loops.map((loop) => loop.loopVar);

const rangesAt = (func: TensorFunc, sites: readonly BlockSite[]) =>
  mergeRanges(sizeRanges(func), ...sites.flatMap(({ block, loops }) => [loopRanges(loops), bodyRanges(block)]));

/** Whether iterations of `loop` that differ touch different elements of a buffer, the loops `outer` standing still. */
export function isSeparate(
  func: TensorFunc,
  accesses: readonly Access[],
  loop: string,
  outer: readonly For[],
): boolean {
  return separates(loop, {
    accesses: accesses.map((access) => access.indices),
    ranges: rangesAt(
      func,
      accesses.map((access) => access.site),
    ),
    fixed: new Set([...func.sizes, ...namesOf(outer)]),
  });
}

/**
 * Whether an iteration of the loops `through` takes nothing from other iterations by way of a buffer: the first block
 * that touches the buffer writes it anew, and writes all that is touched in the iteration. What the last iteration
 * leaves in the buffer nobody else may read.
 */
export function isRemade(
  func: TensorFunc,
  buffer: string,
  accesses: readonly Access[],
  through: readonly For[],
): boolean {
  const [first] = accesses;
  if (first === undefined || !makesAnew(first.site.block, buffer)) return false;
  if (through.some((loop) => feeds(first.site.block, loop.loopVar).has('reduce'))) return false;
  const inside = new Set(accesses.map((access) => access.site.block));
  if (!func.temps.some((temp) => temp.name === buffer)) return false;
  if (touchersOf(blockSites(func), buffer).some(({ block }) => !inside.has(block))) return false;
  const fixed = new Set([...func.sizes, ...namesOf(through)]);
  const ranges = rangesAt(
    func,
    accesses.map((access) => access.site),
  );
  const made = accesses.filter((access) => access.write && access.site === first.site);
  const isOpen = (part: Expr): boolean =>
    !isOverrun(part, first.site) && !made.every((access) => limitsSpan(part, access, fixed, ranges));
  const guards = accesses.map(({ site }) => conjuncts(site.block.predicate).map(exprKey));
  const makers = conjuncts(first.site.block.predicate).filter(isOpen);
  if (!makers.every((part) => guards.every((keys) => keys.includes(exprKey(part))))) return false;
  if (!made.every(({ indices }) => fillsBox(indices, ranges, fixed))) return false;
  const spanAt = (some: readonly Access[], d: number): Span =>
    limitSpan(spanOf(indicesIn(some, d), fixed, ranges), limitsOf(some, d, fixed, ranges));
  return findBuffer(func, buffer).shape.every((extent, d) =>
    accesses.every((access) => covers(spanAt(made, d), spanAt([access], d), extent)),
  );
}

const indicesIn = (accesses: readonly Access[], dim: number): readonly Expr[] =>
  accesses.flatMap(({ indices }) => indices[dim] ?? []);

/** Whether a block writes a buffer, on every instance or before any update of it, without reading what was there before. */
export function makesAnew(block: Block, buffer: string): boolean {
  const stores = storesOf(block).filter((store) => store.buffer === buffer);
  const start = block.init ?? block.body;
  if (loadsIn(start).has(buffer) || !storesAlways(start, buffer)) return false;
  if (block.init === undefined) return reduceIters(block).length === 0;
  // An update may read only the element that it writes, which the init has set.
  const [first, ...others] = [...stores, ...loadsOf(block.body, buffer)];
  return others.every(({ indices }) => sameIndices(indices, first?.indices ?? []));
}

/** Whether a statement stores to a buffer, and never only under a condition. */
function storesAlways(stmt: Stmt, buffer: string): boolean {
  let sometimes = false;
  walk(stmt, {
    stmt: (node) => {
      if (node.kind === 'if' && storesIn(node).has(buffer)) sometimes = true;
    },
  });
  return storesIn(stmt).has(buffer) && !sometimes;
}
