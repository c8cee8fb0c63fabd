import { invariant } from '../../../ir/errors.ts';
import { writtenBy } from '../../analysis/accesses.ts';
import { blockSites, findBlock } from '../../analysis/nests.ts';
import type { Schedule } from '../../schedule.ts';
import type { GpuLimits } from '../../target/target.ts';
import { finishTile, splitLanes } from '../lanes.ts';
import { loopNames, newLoops, writeBack } from '../reduction-site.ts';
import { tileUpdate, tileWriteBack } from '../register-tile.ts';
import { extentOf } from '../strides.ts';
import type { TilePlan } from '../tile-plan.ts';

/** Reductions of so many steps are worth that invocations wait for one another. */
const longReduction = 256;

/**
 * Into how many parts the reduction of a product is divided, each for other invocations: into some where its tiles are
 * too few to keep the device busy, as those of a vector and a matrix are.
 */
export function sampleParts(
  schedule: Schedule,
  reduction: string,
  plan: TilePlan,
  { invocations, workgroupSize }: GpuLimits,
): number {
  const site = findBlock(schedule.func, reduction);
  const extent = extentOf(site, plan.reduceLoops.at(-1) ?? '');
  const width = 4 * plan.tile.vectors;
  // Of a part's steps, four belong together.
  const candidates = [1, 2, 4, 8, 16].filter((parts) => parts === 1 || extent % (4 * parts) === 0);
  const isWide = extentOf(site, plan.columns) > width;
  if (!plan.isProduct || !isWide || candidates.length === 1) return 1;
  const others = [...plan.batch, ...plan.moving].reduce((product, loop) => product * extentOf(site, loop), 1);
  const rows = Math.ceil(extentOf(site, plan.rows ?? '') / plan.tile.rows);
  const tiles = others * rows * Math.ceil(extentOf(site, plan.columns) / width);
  const isDeep = plan.reduceLoops.reduce((steps, loop) => steps * extentOf(site, loop), 1) >= longReduction;
  const wanted = isDeep && 2 * tiles <= invocations ? Math.min(Math.sqrt(workgroupSize), Math.max(...candidates)) : 1;
  return schedule.sample(`${reduction}.parts`, candidates, wanted);
}

/**
 * Schedules a product whose reduction is divided into parts: each row of a workgroup's invocations computes the tiles of
 * one, in registers, and the first row adds what the others leave in the workgroup's memory.
 *
 *   for jg workgroup.x { for p in 8 invocation.y { for jt invocation.x { c_rf[p, j] = Σ a[k] * b[k, j], k from p·n on } }
 *                        for jt invocation.x { c[j] = Σ c_rf[p, j] } }
 *
 * Returns false where the results are not written by one block; some steps may have been made by then.
 */
export function divideReduction(
  schedule: Schedule,
  reduction: string,
  plan: TilePlan,
  parts: number,
  { workgroupSize }: GpuLimits,
): boolean {
  const partial = factorParts(schedule, reduction, plan, parts);
  const back = writeBack(schedule, reduction);
  if (back === undefined) return false;
  const outer = tileWriteBack(schedule, back, plan);
  const columns = outer.at(-1) ?? '';
  const [group, inner] = [`${columns}_group`, `${columns}_in`] as const;
  const factors = [null, workgroupSize / parts];
  schedule.apply({ primitive: 'split', loop: columns, factors, names: [group, inner] });
  computeInTile(schedule, reduction, inner);
  const [part, tile] = leaveParts(schedule, partial, plan, group);
  schedule.apply({ primitive: 'bind', loop: part, axis: 'invocation.y' });
  schedule.apply({ primitive: 'bind', loop: tile, axis: 'invocation.x' });
  schedule.apply({ primitive: 'bind', loop: inner, axis: 'invocation.x' });
  schedule.apply({ primitive: 'bind', loop: group, axis: 'workgroup.x' });
  const { loops } = findBlock(schedule.func, back.block);
  bindRows(
    schedule,
    loops
      .map(({ loopVar }) => loopVar)
      .slice(
        0,
        loops.findIndex(({ loopVar }) => loopVar === group),
      ),
  );
  return true;
}

/** Has a reduction add partial results, of which each is made of neighbouring steps. Returns the block of these. */
function factorParts(schedule: Schedule, reduction: string, { reduceLoops }: TilePlan, parts: number): string {
  const loop = reduceLoops.at(-1) ?? '';
  const extent = extentOf(findBlock(schedule.func, reduction), loop);
  const names = [`${loop}_part`, `${loop}_in`] as const;
  schedule.apply({ primitive: 'split', loop, factors: [parts, extent / parts], names });
  const before = new Set(blockSites(schedule.func).map(({ block }) => block.name));
  schedule.apply({ primitive: 'rfactor', loop: names[0], axis: 0 });
  const partial = blockSites(schedule.func).find(({ block }) => !before.has(block.name));
  invariant(partial !== undefined, `rfactor of ${reduction} leaves partial results`);
  return partial.block.name;
}

/** Moves a reduction under the loop over its tiles, whose results then are registers. */
function computeInTile(schedule: Schedule, reduction: string, loop: string, plan?: TilePlan): void {
  const before = loopNames(schedule.func);
  schedule.apply({ primitive: 'compute-at', block: reduction, loop });
  const [buffer] = writtenBy(findBlock(schedule.func, reduction));
  invariant(buffer !== undefined, `${reduction} writes its results`);
  schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
  tileUpdate(schedule, reduction, before, plan);
}

/**
 * Computes partial results under the loop over workgroups, which leaves them in its memory: in tiles of their own, in
 * registers until then. Returns the loops over the parts and over the tiles of one.
 */
function leaveParts(schedule: Schedule, partial: string, plan: TilePlan, group: string): readonly [string, string] {
  const [shared] = writtenBy(findBlock(schedule.func, partial));
  invariant(shared !== undefined, `${partial} writes its results`);
  schedule.apply({ primitive: 'set-scope', buffer: shared, scope: 'workgroup' });
  schedule.apply({ primitive: 'cache-write', block: partial, scope: 'local' });
  const copy = blockSites(schedule.func).find((site) => site.block.name !== partial && writtenBy(site).has(shared))
    ?.block.name;
  invariant(copy !== undefined, `cache-write of ${partial} makes a block`);
  const before = loopNames(schedule.func);
  schedule.apply({ primitive: 'compute-at', block: copy, loop: group });
  const loops = newLoops(findBlock(schedule.func, copy), before);
  const [part, columns] = [loops[0] ?? '', loops.at(-1) ?? ''];
  const [tile, inside] = [`${columns}_tile`, `${columns}_in`] as const;
  const factors = [null, 4 * plan.tile.vectors];
  schedule.apply({ primitive: 'split', loop: columns, factors, names: [tile, inside] });
  const rows = loops.slice(1, -1);
  const lanes = splitLanes(schedule, copy, [inside]);
  schedule.apply({ primitive: 'reorder', loops: [part, tile, ...rows, ...lanes.unrolled, ...lanes.vector] });
  computeInTile(schedule, partial, tile, plan);
  finishTile(schedule, [...rows, ...lanes.unrolled], lanes.vector);
  return [part, tile];
}

/** Gives all loops around those over workgroups to another axis of these. */
function bindRows(schedule: Schedule, loops: readonly string[]): void {
  const [first] = loops;
  if (first === undefined) return;
  const name = loops.join('_');
  if (loops.length > 1) schedule.apply({ primitive: 'fuse', loops, name });
  schedule.apply({ primitive: 'bind', loop: loops.length > 1 ? name : first, axis: 'workgroup.y' });
}
