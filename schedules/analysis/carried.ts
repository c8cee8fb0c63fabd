import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { type Access, accessesOf, loadsIn, storesIn, touchersOf } from './accesses.ts';
import { bodyRanges, loopRanges, mergeRanges } from './extents.ts';
import { feeds, reduceIters } from './iters.ts';
import { type BlockSite, blockSites, fail, findBuffer, type LoopSite, loopSites, sitesUnder } from './nests.ts';
import { updateOf } from './reduction.ts';
import { covers, spanOf } from './regions.ts';
import { separates } from './separation.ts';

/** The accesses of blocks by buffer, of those buffers that one of the blocks writes. */
export function writtenAccesses(sites: readonly BlockSite[]): ReadonlyMap<string, readonly Access[]> {
  const all = sites.flatMap(accessesOf);
  const written = new Set(all.flatMap((access) => (access.write ? [access.buffer] : [])));
  return new Map([...written].map((buffer) => [buffer, all.filter((access) => access.buffer === buffer)]));
}

const namesOf = (loops: readonly For[]): readonly string[] => loops.map((loop) => loop.loopVar);

const rangesAt = (func: TensorFunc, sites: readonly BlockSite[]) =>
  mergeRanges(sizeRanges(func), ...sites.flatMap(({ block, loops }) => [loopRanges(loops), bodyRanges(block)]));

/** Whether iterations of `loop` that differ touch different elements of a buffer, the loops `outer` standing still. */
function isSeparate(func: TensorFunc, accesses: readonly Access[], loop: string, outer: readonly For[]): boolean {
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
 * that touches the buffer writes it anew, and writes all that is touched in the iteration.
 */
function isRemade(func: TensorFunc, buffer: string, accesses: readonly Access[], through: readonly For[]): boolean {
  const [first] = accesses;
  if (first === undefined || !makesAnew(first.site.block, buffer)) return false;
  if (through.some((loop) => feeds(first.site.block, loop.loopVar).has('reduce'))) return false;
  const fixed = new Set([...func.sizes, ...namesOf(through)]);
  const ranges = rangesAt(
    func,
    accesses.map((access) => access.site),
  );
  const made = accesses.filter((access) => access.write && access.site === first.site);
  return findBuffer(func, buffer).shape.every((extent, d) => {
    const [outer, inner] = [made, accesses].map((some) => spanOf(indicesIn(some, d), fixed, ranges));
    return covers(outer, inner, extent);
  });
}

const indicesIn = (accesses: readonly Access[], dim: number): readonly Expr[] =>
  accesses.flatMap(({ indices }) => indices[dim] ?? []);

/** Whether a block writes a buffer without reading what was there before it ran. */
function makesAnew(block: Block, buffer: string): boolean {
  const writes = (stmt: Stmt | undefined): boolean => stmt !== undefined && storesIn(stmt).has(buffer);
  const reads = (stmt: Stmt | undefined): boolean => stmt !== undefined && loadsIn(stmt).has(buffer);
  if (block.init === undefined) return writes(block.body) && !reads(block.body) && reduceIters(block).length === 0;
  return writes(block.init) && !reads(block.init);
}

/** Throws where iterations of a loop depend on one another, so that they must not run at the same time. */
export function requireIndependent(func: TensorFunc, { loop, outer }: LoopSite, kind: 'parallel' | 'vectorized'): void {
  const place = `loop '${loop.loopVar}'`;
  const sites = sitesUnder(func, { loop, outer });
  const reducer = sites.find(({ block }) => feeds(block, loop.loopVar).has('reduce'));
  if (reducer !== undefined)
    fail(func, place, `it feeds a reduction of block '${reducer.block.name}', so it cannot be ${kind}`);
  if (kind === 'parallel') requireOwnLocals(func, { loop, outer }, sites);
  for (const [buffer, accesses] of writtenAccesses(sites)) {
    if (isSeparate(func, accesses, loop.loopVar, outer)) continue;
    const own = kind === 'parallel' && findBuffer(func, buffer).scope === 'local';
    if (own && isRemade(func, buffer, accesses, [...outer, loop])) continue;
    const blocks = [...new Set(accesses.map((access) => access.site.block.name))];
    const who = `block${blocks.length > 1 ? 's' : ''} ${blocks.map((name) => `'${name}'`).join(', ')}`;
    fail(
      func,
      place,
      `its iterations are not known to touch different elements of '${buffer}' (${who}), so it cannot be ${kind}`,
    );
  }
}

/** A local buffer is in registers of one thread: no other thread sees it. */
function requireOwnLocals(func: TensorFunc, { loop }: LoopSite, sites: readonly BlockSite[]): void {
  const under = new Set(sites.map(({ block }) => block));
  for (const { name, scope } of func.temps) {
    if (scope !== 'local' || touchersOf(sites, name).length === 0) continue;
    const outside = touchersOf(blockSites(func), name).find(({ block }) => !under.has(block));
    if (outside === undefined) continue;
    const reason = `it cannot be parallel: '${name}' is local, and block '${outside.block.name}' outside of the loop uses it`;
    fail(func, `loop '${loop.loopVar}'`, reason);
  }
}

/** Throws where a step broke what parallel and vectorized loops need. */
export function requireLoopKinds(func: TensorFunc): TensorFunc {
  for (const site of loopSites(func)) {
    const { loopKind } = site.loop;
    if (loopKind === 'parallel' || loopKind === 'vectorized') requireIndependent(func, site, loopKind);
  }
  return func;
}

/**
 * Throws where the loops of a chain must not run in the new order. Loops whose iterations touch different elements go
 * anywhere; all others keep their order, but for the loops of a reduction, the order of which means only rounding.
 */
export function requireReorderable(
  func: TensorFunc,
  outer: readonly For[],
  chain: readonly For[],
  order: readonly For[],
): void {
  const innermost = chain.at(-1);
  if (innermost === undefined) return;
  const sites = sitesUnder(func, { loop: innermost, outer: [...outer, ...chain.slice(0, -1)] });
  for (const [buffer, accesses] of writtenAccesses(sites)) {
    const carrying = (loop: For): boolean => !isSeparate(func, accesses, loop.loopVar, outer);
    const [before, after] = [chain.filter(carrying), order.filter(carrying)];
    if (before.every((loop, i) => loop === after[i])) continue;
    if (isReductionOver(buffer, accesses, before)) continue;
    if (isRemade(func, buffer, accesses, [...outer, ...chain])) continue;
    const names = namesOf(before)
      .map((name) => `'${name}'`)
      .join(', ');
    fail(
      func,
      `loops ${names}`,
      `their iterations depend on one another through '${buffer}', so their order must stay`,
    );
  }
}

/** Whether one block alone touches the buffer, by updates of a reduction over just these loops. */
function isReductionOver(buffer: string, accesses: readonly Access[], loops: readonly For[]): boolean {
  const blocks = new Set(accesses.map((access) => access.site.block));
  const [block] = blocks;
  if (block === undefined || blocks.size > 1 || updateOf(block, buffer) === undefined) return false;
  return loops.every(({ loopVar }) => {
    const kinds = feeds(block, loopVar);
    return block.init === undefined || (kinds.has('reduce') && !kinds.has('spatial'));
  });
}
