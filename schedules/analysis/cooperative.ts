import type { For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { walkExpr } from '../../ir/tensor/visit.ts';
import { type Access, accessesOf } from './accesses.ts';
import { constantExtent } from './extents.ts';
import { type BlockSite, blockSites, findBuffer, type LoopSite, sitesUnder } from './nests.ts';
import { isRemade } from './overlap.ts';

/**
 * Whether a loop over an axis of invocations may stand in another one over the same axis, the `twin`: it fills buffers of
 * the workgroup with what does not depend on the iteration of the twin. One after the other, each iteration of the twin
 * fills them anew with the same; at the same time, each invocation does its part, once.
 *
 *   for t in 8 invocation.x { for c in 8 invocation.x { %shared[c] = %A[c] }  … %shared[7 - t] … }
 */
export function isCooperative(func: TensorFunc, site: LoopSite, twin: For): boolean {
  const [inner, outer] = [constantExtent(site.loop), constantExtent(twin)];
  const hasInvocations = inner !== undefined && outer !== undefined && inner <= outer;
  const isInvocations = site.loop.loopKind.startsWith('invocation.');
  return (
    isInvocations &&
    hasInvocations &&
    sitesUnder(func, site).every((inside) => fillsAlike(func, inside, twin, new Set()))
  );
}

/**
 * Whether all iterations of a loop over invocations fill a buffer of the workgroup with the same, so that each of them,
 * one after the other, finds there what it does when all run at the same time, and wait for one another between filling
 * and reading.
 */
export function isFilledTogether(
  func: TensorFunc,
  buffer: string,
  accesses: readonly Access[],
  { loop, outer }: LoopSite,
): boolean {
  if (findBuffer(func, buffer).scope !== 'workgroup') return false;
  const writers = accesses.filter((access) => access.write).map((access) => access.site);
  if (!writers.every((site) => fillsAlike(func, site, loop, new Set()))) return false;
  // In each iteration of all loops around, so that nothing is left over from the one before.
  const [first] = accesses;
  const common = (first?.site.loops ?? []).filter((one) => accesses.every(({ site }) => site.loops.includes(one)));
  const around = [...new Set([...outer, ...common])];
  return isRemade(
    func,
    buffer,
    accesses,
    around.filter(({ loopKind }) => !loopKind.startsWith('invocation.')),
  );
}

/** Whether a block writes to the workgroup's memory alone what is the same in all iterations of a loop. */
function fillsAlike(func: TensorFunc, site: BlockSite, loop: For, asked: Set<string>): boolean {
  if (asked.has(site.block.name)) return true;
  asked.add(site.block.name);
  const { block, loops } = site;
  const inner = loops.slice(loops.indexOf(loop) + 1);
  const heads = [
    ...block.iters.map(({ value }) => value),
    ...(block.predicate === undefined ? [] : [block.predicate]),
    ...inner.map(({ extent }) => extent),
  ];
  const follows = heads.some((expr) => {
    let found = false;
    walkExpr(expr, (node) => {
      if (node.kind === 'var' && node.name === loop.loopVar) found = true;
    });
    return found;
  });
  if (follows) return false;
  const under = blockSites(func).filter((other) => other.loops.includes(loop));
  return accessesOf(site).every(({ buffer, write }) => {
    const { scope } = findBuffer(func, buffer);
    if (write || scope === 'workgroup') {
      if (scope !== 'workgroup') return false;
      return writersIn(under, buffer).every((writer) => fillsAlike(func, writer, loop, asked));
    }
    return writersIn(under, buffer).length === 0;
  });
}

const writersIn = (sites: readonly BlockSite[], buffer: string): readonly BlockSite[] =>
  sites.filter((site) => accessesOf(site).some((access) => access.write && access.buffer === buffer));
