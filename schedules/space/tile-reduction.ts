import { writtenBy } from '../analysis/accesses.ts';
import { findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { SpaceContext } from './context.ts';
import { finishInit, finishTile, splitLanes } from './lanes.ts';
import { packOperand } from './pack.ts';
import { loopNames, loopsOf, newLoops, type WriteBack, writeBack } from './reduction-site.ts';
import { extentOf } from './strides.ts';
import { planTile, type TilePlan } from './tile-plan.ts';
import { bindTiles } from './webgpu/bind-nests.ts';

/**
 * Schedules a reduction whose results lie along its operands' memory: matrix products, convolutions (implicit GEMM with
 * channels last, or with width as columns with channels first), depthwise convolutions, windows, and reductions over
 * outer axes. A tile of results stays in registers while the reduction runs:
 *
 *   for n0, m0 { acc = 0; for k { for m1, n1 unrolled { acc[m1, n1] += a[m, k] * b[k, n] } }; store epilogue(acc) }
 *
 * Returns false where the results' innermost axis cannot be vectorized; some steps may have been made by then.
 */
export function tileReduction(schedule: Schedule, reduction: string, context: SpaceContext): boolean {
  const plan = planTile(schedule, reduction, context);
  if (plan === undefined) return false;
  for (const { access } of plan.packed) {
    const panels = { width: panelWidth(schedule, reduction, plan, context), steps: plan.steps, streams: plan.streams };
    packOperand(schedule, access, plan.reduceLoops, plan.columns, panels);
  }
  const back = writeBack(schedule, reduction);
  if (back === undefined) return false;
  const outer = tileWriteBack(schedule, back, plan);
  const before = loopNames(schedule.func);
  const innermost = outer.at(-1);
  if (innermost !== undefined) schedule.apply({ primitive: 'compute-at', block: reduction, loop: innermost });
  const [buffer] = writtenBy(findBlock(schedule.func, reduction));
  if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
  tileUpdate(schedule, reduction, outer.length === 0 ? new Set() : before, plan);
  if (context.target.gpu !== undefined && plan.isProduct)
    bindTiles(
      schedule,
      { block: back.block, rows: outer.slice(0, -1), columns: outer.at(-1) ?? '' },
      context.target.gpu,
    );
  return true;
}

/** A panel is what a tile reads of an operand; on a GPU, where neighbours read together, all that they do. */
function panelWidth(
  schedule: Schedule,
  reduction: string,
  { tile, columns }: TilePlan,
  { target }: SpaceContext,
): number {
  const width = 4 * tile.vectors;
  if (target.gpu === undefined) return width;
  return Math.ceil(extentOf(findBlock(schedule.func, reduction), columns) / width) * width;
}

/** Tiles the write-back. Returns the loops outside of the tile; in the innermost of them the reduction goes. */
function tileWriteBack(schedule: Schedule, back: WriteBack, plan: TilePlan): readonly string[] {
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
