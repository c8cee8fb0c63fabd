import { findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { finishInit, finishTile, splitLanes } from './lanes.ts';
import { loopsOf, newLoops, type WriteBack } from './reduction-site.ts';
import { extentOf } from './strides.ts';
import type { TilePlan } from './tile-plan.ts';

/** Tiles the write-back. Returns the loops outside of the tile; in the innermost of them the reduction goes. */
export function tileWriteBack(schedule: Schedule, back: WriteBack, plan: TilePlan): readonly string[] {
  const image = (loops: readonly string[]): readonly string[] => loops.map((loop) => back.loops.get(loop) as string);
  const [columns] = image([plan.columns]) as [string];
  const rows = plan.rows === undefined ? undefined : back.loops.get(plan.rows);
  const columnTile = splitLoop(schedule, back.block, columns, 4 * plan.tile.vectors);
  const rowTile = rows === undefined ? whole : splitLoop(schedule, back.block, rows, plan.tile.rows);
  const lanes = splitLanes(schedule, back.block, columnTile.inner);
  const [batch, moving] = [image(plan.batch), image(plan.moving)];
  const outer = [...batch, ...outerLoops(schedule, back.block, plan, moving, rowTile, columnTile)];
  const order = [...outer, ...rowTile.inner, ...lanes.unrolled, ...lanes.vector];
  if (order.length > 1) schedule.apply({ primitive: 'reorder', loops: order });
  finishTile(schedule, [...rowTile.inner, ...lanes.unrolled], lanes.vector);
  return outer;
}

function outerLoops(
  schedule: Schedule,
  block: string,
  { blocking }: TilePlan,
  moving: readonly string[],
  rowTile: SplitLoop,
  columnTile: SplitLoop,
): readonly string[] {
  if (blocking === undefined) return [...moving, ...rowTile.outer, ...columnTile.outer];
  if (blocking.panelsOutside) return [...columnTile.outer, ...moving, ...rowTile.outer];
  const [tiles] = rowTile.outer;
  if (blocking.rowTiles === 0 || tiles === undefined) return [...moving, ...columnTile.outer, ...rowTile.outer];
  const blocks = splitLoop(schedule, block, tiles, blocking.rowTiles);
  return [...moving, ...blocks.outer, ...columnTile.outer, ...blocks.inner];
}

/** The loops of a tile: those that go over tiles and those inside of one. Loops of extent 1 do not exist. */
interface SplitLoop {
  readonly outer: readonly string[];
  readonly inner: readonly string[];
}
const whole: SplitLoop = { outer: [], inner: [] };

function splitLoop(schedule: Schedule, block: string, loop: string, size: number): SplitLoop {
  const extent = extentOf(findBlock(schedule.func, block), loop);
  if (extent <= size) return { outer: [], inner: [loop] };
  if (size === 1) return { outer: [loop], inner: [] };
  const names = [`${loop}_tile`, `${loop}_in`] as const;
  schedule.apply({ primitive: 'split', loop, factors: [null, size], names });
  return { outer: [names[0]], inner: [names[1]] };
}

/**
 * Orders the loops of the reduction itself: reduce loops outside, the tile inside, unrolled; the init before them. As
 * many steps as belong together are unrolled, or a multiple of them.
 */
export function tileUpdate(
  schedule: Schedule,
  reduction: string,
  before: ReadonlySet<string>,
  { steps, together }: Pick<TilePlan, 'steps' | 'together'> = { steps: 1, together: 1 },
): void {
  const site = findBlock(schedule.func, reduction);
  const own = newLoops(site, before);
  const reduce = own.filter((loop) => loopsOf(site, 'reduce').includes(loop));
  const spatial = own.filter((loop) => !reduce.includes(loop));
  const columns = spatial.at(-1);
  const lanes = splitLanes(schedule, reduction, columns === undefined ? [] : [columns]);
  const rows = spatial.slice(0, -1);
  const order = [...reduce, ...rows, ...lanes.unrolled, ...lanes.vector];
  if (order.length > 1) schedule.apply({ primitive: 'reorder', loops: order });
  const [first] = reduce;
  if (first !== undefined) schedule.apply({ primitive: 'decompose-reduction', block: reduction, loop: first });
  finishTile(schedule, [...rows, ...lanes.unrolled], lanes.vector);
  if (first !== undefined) finishInit(schedule, reduction);
  unrollReduction(schedule, reduction, reduce, tileArea(schedule, reduction, reduce) / steps, together);
}

/** Multiply-adds of a tile in one step of the reduction. */
function tileArea(schedule: Schedule, reduction: string, reduce: readonly string[]): number {
  const site = findBlock(schedule.func, reduction);
  const depth = site.loops.findIndex((loop) => loop.loopVar === reduce.at(-1));
  const inner = site.loops.slice(depth + 1).filter((loop) => loop.loopKind !== 'vectorized');
  return inner.reduce((area, loop) => area * extentOf(site, loop.loopVar), 1);
}

/** Enough work between two tests of a loop, and no more code than the instruction cache and the download bear. */
const unrolledOperations = 48;

/** Unrolls the innermost reduce loops: whole ones while they fit, else the largest fitting divisor of the next. */
function unrollReduction(
  schedule: Schedule,
  reduction: string,
  reduce: readonly string[],
  area: number,
  least: number,
): void {
  const operations = schedule.sample(`${reduction}.unrolled`, [1, 16, 32, 48, 96], unrolledOperations);
  let budget = Math.max(least, Math.floor(operations / area));
  for (const loop of [...reduce].reverse()) {
    const extent = extentOf(findBlock(schedule.func, reduction), loop);
    if (extent <= budget) {
      schedule.apply({ primitive: 'unroll', loop });
      budget = Math.floor(budget / extent);
      continue;
    }
    const together = loop === reduce.at(-1) ? least : 1;
    const divides = (divisor: number): boolean => extent % divisor === 0 && divisor % together === 0;
    const factor = [8, 6, 5, 4, 3, 2].find((divisor) => divisor <= budget && divides(divisor));
    if (factor === undefined) return;
    const names = [`${loop}_outer`, `${loop}_step`] as const;
    schedule.apply({ primitive: 'split', loop, factors: [null, factor], names });
    schedule.apply({ primitive: 'unroll', loop: names[1] });
    return;
  }
}
