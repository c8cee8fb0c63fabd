import type { For, Scope, TensorFunc, ThreadAxis } from '../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../ir/tensor/typing.ts';
import { type Access, touchersOf } from './accesses.ts';
import { isCooperative, isFilledTogether } from './cooperative.ts';
import { feeds } from './iters.ts';
import { type BlockSite, blockSites, fail, findBuffer, type LoopSite, loopSites, sitesUnder } from './nests.ts';
import { isRemade, isSeparate, namesOf, writtenAccesses } from './overlap.ts';
import { updateOf } from './reduction.ts';
import { startsOnce } from './reduction-nest.ts';

/** The kinds of loops whose iterations run at the same time. */
export type ConcurrentKind = 'parallel' | 'vectorized' | ThreadAxis;

export const threadAxes: readonly ThreadAxis[] = [
  'workgroup.x',
  'workgroup.y',
  'workgroup.z',
  'invocation.x',
  'invocation.y',
  'invocation.z',
];

/** Throws where iterations of a loop depend on one another, so that they must not run at the same time. */
export function requireIndependent(func: TensorFunc, { loop, outer }: LoopSite, kind: ConcurrentKind): void {
  const place = `loop '${loop.loopVar}'`;
  const sites = sitesUnder(func, { loop, outer });
  const reducer = sites.find(({ block }) => feeds(block, loop.loopVar).has('reduce'));
  if (reducer !== undefined)
    fail(func, place, `it feeds a reduction of block '${reducer.block.name}', so it cannot be ${kind}`);
  if (kind !== 'vectorized') requireOwnBuffers(func, { loop, outer }, sites, kind);
  for (const [buffer, accesses] of writtenAccesses(sites)) {
    if (isSeparate(func, accesses, loop.loopVar, outer)) continue;
    const own = isOwn(findBuffer(func, buffer).scope, kind);
    if (own && isRemade(func, buffer, accesses, [...outer, loop])) continue;
    if (kind.startsWith('invocation.') && isFilledTogether(func, buffer, accesses, { loop, outer })) continue;
    const blocks = [...new Set(accesses.map((access) => access.site.block.name))];
    const who = `block${blocks.length > 1 ? 's' : ''} ${blocks.map((name) => `'${name}'`).join(', ')}`;
    fail(
      func,
      place,
      `its iterations are not known to touch different elements of '${buffer}' (${who}), so it cannot be ${kind}`,
    );
  }
}

/** Whether each iteration of a loop of this kind has a buffer of this scope for itself. */
function isOwn(scope: Scope, kind: ConcurrentKind): boolean {
  if (kind === 'vectorized' || scope === 'global') return false;
  return scope === 'local' || scope === 'thread' || kind.startsWith('workgroup.');
}

/** No other thread sees a local buffer or one of a thread, and no other workgroup one of a workgroup. */
function requireOwnBuffers(
  func: TensorFunc,
  { loop }: LoopSite,
  sites: readonly BlockSite[],
  kind: ConcurrentKind,
): void {
  const under = new Set(sites.map(({ block }) => block));
  for (const { name, scope } of func.temps) {
    if (!isOwn(scope, kind) || touchersOf(sites, name).length === 0) continue;
    const outside = touchersOf(blockSites(func), name).find(({ block }) => !under.has(block));
    if (outside === undefined) continue;
    const reason = `it cannot be ${kind}: '${name}' is ${scope}, and block '${outside.block.name}' outside of the loop uses it`;
    fail(func, `loop '${loop.loopVar}'`, reason);
  }
}

/** Throws where a step broke what loops whose iterations run at the same time need. */
export function requireLoopKinds(func: TensorFunc): TensorFunc {
  for (const site of loopSites(func)) {
    const { loopVar, loopKind } = site.loop;
    if (loopKind === 'serial' || loopKind === 'unrolled') continue;
    const twin = site.outer.find((loop) => loop.loopKind === loopKind && isThreadAxis(loopKind));
    if (twin !== undefined && !isCooperative(func, site, twin))
      fail(func, `loop '${loopVar}'`, `loop '${twin.loopVar}' around it is ${loopKind} already`);
    requireIndependent(func, site, loopKind);
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
    if (isReductionOver(func, buffer, accesses, before, outer)) continue;
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
function isReductionOver(
  func: TensorFunc,
  buffer: string,
  accesses: readonly Access[],
  loops: readonly For[],
  outer: readonly For[],
): boolean {
  const [site, ...others] = new Set(accesses.map((access) => access.site));
  if (site === undefined || others.length > 0 || updateOf(site.block, buffer) === undefined) return false;
  if (site.block.init === undefined) return true;
  const onlyReduce = loops.every(({ loopVar }) => {
    const kinds = feeds(site.block, loopVar);
    return kinds.has('reduce') && !kinds.has('spatial');
  });
  return onlyReduce && startsOnce(func, site, loops, outer);
}
