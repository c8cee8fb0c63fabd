import { writtenBy } from '../analysis/accesses.ts';
import { type BlockSite, blockSites, findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { vectorizeBlock } from './elementwise.ts';
import { attempt } from './inline.ts';
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

/** Splits the innermost reduce loop into 16 partial results, 4 vectors, where its elements are contiguous. */
function vectorizeReduction(schedule: Schedule, reduction: string): void {
  const site = findBlock(schedule.func, reduction);
  const loop = loopsOf(site, 'reduce').at(-1);
  if (loop === undefined || site.loops.at(-1)?.loopVar !== loop) return;
  const extent = extentOf(site, loop);
  const contiguous = loadsOf(schedule.func, site).every((load) => [0, 1].includes(strideAlong(load, loop) ?? 2));
  if (extent < 2 * partials || !contiguous) return;
  const inner = `${loop}_lane`;
  attempt(() => {
    schedule.apply({ primitive: 'split', loop, factors: [null, partials], names: [`${loop}_tile`, inner] });
    schedule.apply({ primitive: 'rfactor', loop: inner, axis: 0 });
  });
}
