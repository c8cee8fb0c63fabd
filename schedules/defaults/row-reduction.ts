import { writtenBy } from '../analysis/accesses.ts';
import { type BlockSite, blockSites, findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { vectorizeBlock } from './elementwise.ts';
import { attempt } from './inline.ts';
import { finishInit, finishTile, splitLanes } from './lanes.ts';
import { isReduction, loopsOf } from './reduction-site.ts';
import { extentOf, loadsOf, strideAlong } from './strides.ts';

/**
 * Schedules a group that reduces rows (softmax, normalisations, means): everything that a row needs is computed inside
 * the loop over rows, so that a row is read from memory once and then from cache; each reduction over contiguous
 * elements keeps 16 partial results in vectors.
 *
 *   for row { max of row; exp buffer and its sum; row of results }
 */
export function scheduleRows(schedule: Schedule): void {
  const last = blockSites(schedule.func).at(-1);
  if (last === undefined) return;
  const rows = rowLoops(schedule, last);
  const row = rows.at(-1);
  const reductions = blockSites(schedule.func)
    .filter(isReduction)
    .map((site) => site.block.name);
  if (row !== undefined) moveUnder(schedule, last.block.name, row);
  for (const reduction of reductions) vectorizeReduction(schedule, reduction);
  for (const site of blockSites(schedule.func)) if (!isReduction(site)) vectorizeBlock(schedule, site.block.name);
}

/** The loops of the last block that every reduction before it has as well. */
function rowLoops(schedule: Schedule, last: BlockSite): readonly string[] {
  const reduced = blockSites(schedule.func).filter((site) => isReduction(site) && site.block.name !== last.block.name);
  const depth = Math.min(...reduced.map((site) => loopsOf(site, 'spatial').length), last.loops.length);
  return last.loops.slice(0, depth).map((loop) => loop.loopVar);
}

/** Moves the producers of what stands under the loop to it, the last first, so that all its consumers are there. */
function moveUnder(schedule: Schedule, last: string, row: string): void {
  const names = blockSites(schedule.func).map((site) => site.block.name);
  for (const name of names.filter((candidate) => candidate !== last).reverse()) {
    const [buffer] = writtenBy(findBlock(schedule.func, name));
    const isTemp = schedule.func.temps.some((temp) => temp.name === buffer);
    if (buffer !== undefined && isTemp)
      attempt(() => schedule.apply({ primitive: 'compute-at', block: name, loop: row }));
  }
}

const partials = 16;

/**
 * Keeps 16 partial results, 4 vectors, of the innermost reduce loop where its elements are contiguous. Additions in
 * four independent chains also round less than in one.
 *
 *   for k { s += x[k] }   →   for k_tile { p[0…15] += x[16·k_tile + 0…15] }; s = p[0] + … + p[15]
 */
function vectorizeReduction(schedule: Schedule, reduction: string): void {
  const site = findBlock(schedule.func, reduction);
  const loop = loopsOf(site, 'reduce').at(-1);
  if (loop === undefined || site.loops.at(-1)?.loopVar !== loop) return;
  const contiguous = loadsOf(schedule.func, site).every((load) => [0, 1].includes(strideAlong(load, loop) ?? 2));
  if (extentOf(site, loop) < 2 * partials || !contiguous) return;
  const [tile, lane, partial] = [`${loop}_tile`, `${loop}_lane`, `${reduction}_rf`];
  attempt(() => {
    schedule.apply({ primitive: 'split', loop, factors: [null, partials], names: [tile, lane] });
    schedule.apply({ primitive: 'rfactor', loop: lane, axis: 0 });
    const [buffer] = writtenBy(findBlock(schedule.func, partial));
    if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
    const { unrolled, vector } = splitLanes(schedule, partial, [lane]);
    const outermost = loopsOf(findBlock(schedule.func, partial), 'reduce')[0];
    if (outermost !== undefined) schedule.apply({ primitive: 'decompose-reduction', block: partial, loop: outermost });
    finishTile(schedule, unrolled, vector);
    if (outermost !== undefined) finishInit(schedule, partial);
    const final = findBlock(schedule.func, reduction).loops.at(-1);
    if (final !== undefined) schedule.apply({ primitive: 'unroll', loop: final.loopVar });
  });
}
