import { writtenBy } from '../analysis/accesses.ts';
import { type BlockSite, blockSites, findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { SpaceContext } from './context.ts';
import { vectorizeBlock } from './elementwise.ts';
import { attempt } from './inline.ts';
import { finishInit, finishTile, splitLanes } from './lanes.ts';
import { packAlong } from './pack.ts';
import { isReduction, loopsOf } from './reduction-site.ts';
import { extentOf, loadsOf, strideAlong } from './strides.ts';

/**
 * Schedules a group that reduces rows (softmax, normalisations, means): everything that a row needs is computed inside
 * the loop over rows, so that a row is read from memory once and then from cache; each reduction over contiguous
 * elements keeps 16 partial results in vectors.
 *
 *   for row { max of row; exp buffer and its sum; row of results }
 */
export function scheduleRows(schedule: Schedule, context: SpaceContext): void {
  const last = blockSites(schedule.func).at(-1);
  if (last === undefined) return;
  const rows = rowLoops(schedule, last);
  const row = rows.at(-1);
  const reductions = blockSites(schedule.func)
    .filter(isReduction)
    .map((site) => site.block.name);
  if (row !== undefined) moveUnder(schedule, last.block.name, row);
  for (const reduction of reductions) vectorizeReduction(schedule, reduction, context);
  for (const site of blockSites(schedule.func)) if (!isReduction(site)) vectorizeBlock(schedule, site.block.name);
}

/** The loops over results of the last block that every reduction before it has as well. */
export function rowLoops(schedule: Schedule, last: BlockSite): readonly string[] {
  const results = loopsOf(last, 'spatial');
  const reduced = blockSites(schedule.func).filter((site) => isReduction(site) && site.block.name !== last.block.name);
  const depth = Math.min(...reduced.map((site) => loopsOf(site, 'spatial').length), results.length);
  return results.slice(0, depth);
}

/** Moves the producers of what stands under the loop to it, the last first, so that all its consumers are there. */
export function moveUnder(schedule: Schedule, last: string, row: string): void {
  const names = blockSites(schedule.func).map((site) => site.block.name);
  for (const name of names.filter((candidate) => candidate !== last).reverse()) {
    const [buffer] = writtenBy(findBlock(schedule.func, name));
    const isTemp = schedule.func.temps.some((temp) => temp.name === buffer);
    if (buffer !== undefined && isTemp)
      attempt(() => schedule.apply({ primitive: 'compute-at', block: name, loop: row }));
  }
}

/** Partial results: 4 vectors where rows are long enough that combining them is little, else one. */
function samplePartials(schedule: Schedule, reduction: string, extent: number): number {
  const candidates = [4, 8, 16, 32].filter((count) => 2 * count <= extent);
  return schedule.sample(`${reduction}.partials`, candidates, extent >= 32 ? 16 : 4);
}

/**
 * Keeps partial results of the innermost reduce loop in vectors where its elements are contiguous, and combines them
 * vector by vector, then lane by lane. Additions in independent chains also round less than in one.
 *
 *   for k { s += x[k] }   →   for k_tile { p[0…15] += x[16·k_tile + 0…15] }; q[0…3] = p[0…3] + … ; s = q[0] + … + q[3]
 */
function vectorizeReduction(schedule: Schedule, reduction: string, { constants }: SpaceContext): void {
  const site = findBlock(schedule.func, reduction);
  const loop = loopsOf(site, 'reduce').at(-1);
  if (loop === undefined || site.loops.at(-1)?.loopVar !== loop) return;
  const scattered = loadsOf(schedule.func, site).filter((load) => ![0, 1].includes(strideAlong(load, loop) ?? 2));
  const extent = extentOf(site, loop);
  if (extent < 8 || !scattered.every(({ access }) => constants.has(access.buffer))) return;
  attempt(() => {
    const partials = samplePartials(schedule, reduction, extent);
    // Of a constant the elements that are added up can be put side by side.
    if (!scattered.every(({ access }) => packAlong(schedule, access, loop))) return false;
    keepPartials(schedule, reduction, loop, partials);
    const rest = findBlock(schedule.func, reduction).loops.at(-1);
    if (partials > 4 && rest !== undefined) {
      const vectors = keepPartials(schedule, reduction, rest.loopVar, 4);
      schedule.apply({ primitive: 'unroll', loop: vectors });
    }
    const final = findBlock(schedule.func, reduction).loops.at(-1);
    if (final !== undefined) schedule.apply({ primitive: 'unroll', loop: final.loopVar });
    return true;
  });
}

/** Computes what a reduction reads just before it does so, and not in a pass over the row of its own. */
function computeOnTheWay(schedule: Schedule, buffer: string, loop: string): void {
  const [writer, ...others] = blockSites(schedule.func).filter((site) => writtenBy(site).has(buffer));
  if (writer === undefined || others.length > 0 || isReduction(writer)) return;
  schedule.apply({ primitive: 'compute-at', block: writer.block.name, loop });
}

/** Factors a reduce loop into `count` partial results in vectors. Returns the loop that is left of it around them. */
function keepPartials(schedule: Schedule, reduction: string, loop: string, count: number): string {
  const [tile, lane] = [`${loop}_tile`, `${loop}_lane`] as const;
  schedule.apply({ primitive: 'split', loop, factors: [null, count], names: [tile, lane] });
  const before = new Set(blockSites(schedule.func).map((site) => site.block.name));
  schedule.apply({ primitive: 'rfactor', loop: lane, axis: 0 });
  const partial = blockSites(schedule.func).find((site) => !before.has(site.block.name));
  if (partial === undefined) throw new Error(`internal error: rfactor of ${reduction} left no partial results`);
  const { name } = partial.block;
  const [buffer] = writtenBy(partial);
  if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
  for (const { access } of loadsOf(schedule.func, findBlock(schedule.func, name)))
    attempt(() => computeOnTheWay(schedule, access.buffer, tile));
  const { unrolled, vector } = splitLanes(schedule, name, [lane]);
  const outermost = loopsOf(findBlock(schedule.func, name), 'reduce')[0] ?? tile;
  schedule.apply({ primitive: 'decompose-reduction', block: name, loop: outermost });
  finishTile(schedule, unrolled, vector);
  finishInit(schedule, name);
  return tile;
}
