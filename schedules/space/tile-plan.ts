import { invariant } from '../../ir/errors.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { writtenBy } from '../analysis/accesses.ts';
import { allBuffers, type BlockSite, findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { contractionTiles, fastestTile, type Tile } from '../target/contraction-tile.ts';
import { fastestGpuTile, gpuTiles } from '../target/gpu-tile.ts';
import type { Target } from '../target/target.ts';
import { type Blocking, chooseBlocking } from './blocking.ts';
import type { SpaceContext } from './context.ts';
import { isDotProduct } from './dot-product.ts';
import { loopsOf } from './reduction-site.ts';
import { chooseStreams } from './streams.ts';
import { extentOf, loadsOf, type StridedAccess, strideAlong } from './strides.ts';

/** How a reduction's results are tiled. All loops are the reduction's own. */
export interface TilePlan {
  /** The vectorized loop of results, and the one beside it whose results share operands. */
  readonly columns: string;
  readonly rows: string | undefined;
  /** The other loops of results: those along which the columns' operand moves, and the rest. */
  readonly batch: readonly string[];
  readonly moving: readonly string[];
  readonly tile: Tile;
  readonly reduceLoops: readonly string[];
  readonly packed: readonly StridedAccess[];
  /** How many steps of the innermost reduce loop one instruction takes together, as what is packed has them. */
  readonly steps: number;
  /** As how many streams that run side by side what is packed is read. */
  readonly streams: number;
  /** How many steps of the innermost reduce loop belong together, so that they are unrolled. */
  readonly together: number;
  /** Whether an operand does not follow the columns: else it is one of windows. */
  readonly isProduct: boolean;
  /** What is walked outside of what, where an operand is packed in panels of columns; undefined for windows. */
  readonly blocking: Blocking | undefined;
}

/** Decides how a reduction is tiled. Undefined where its innermost axis cannot be vectorized. */
export function planTile(schedule: Schedule, reduction: string, context: SpaceContext): TilePlan | undefined {
  const { func } = schedule;
  const site = findBlock(func, reduction);
  const [spatial, reduceLoops] = [loopsOf(site, 'spatial'), loopsOf(site, 'reduce')];
  const columns = spatial.at(-1);
  const loads = loadsOf(func, site);
  if (columns === undefined || extentOf(site, columns) < 4) return undefined;
  const scattered = loads.filter((load) => ![0, 1].includes(strideAlong(load, columns) ?? 2));
  const isPackable = ({ access }: StridedAccess): boolean =>
    // Every dimension of an input follows one loop: its elements can be put into any order.
    func.inputs.some((input) => input.name === access.buffer) &&
    access.indices.every((index) => index.kind === 'var' || index.kind === 'const');
  if (!scattered.every(isPackable)) return undefined;
  const along = loads.filter((load) => strideAlong(load, columns) !== 0);
  const others = spatial.slice(0, -1);
  const shared = others.findLast((loop) => along.every((load) => strideAlong(load, loop) === 0));
  // An operand that does not follow the columns makes it a product, of a single row where no loop is shared.
  const panels = loads.length > along.length;
  const rows = panels ? shared : others.findLast((loop) => overlaps(site, loop, reduceLoops, loads));
  // A GPU reads the rows of what it would have to pack at run time as they stand, if each is read once.
  const isReadOnce = !panels || rows === undefined;
  const isConstant = ({ access }: StridedAccess): boolean => context.constants.has(access.buffer);
  if (context.target.gpu !== undefined && isReadOnce && !scattered.every(isConstant)) return undefined;
  const rest = others.filter((loop) => loop !== rows);
  const batch = panels ? rest.filter((loop) => along.some((load) => strideAlong(load, loop) !== 0)) : [];
  const [height, width] = [extentOf(site, rows ?? ''), extentOf(site, columns)];
  const isPacked = (load: StridedAccess): boolean =>
    scattered.includes(load) ||
    (panels && isPackable(load) && samplePacking(schedule, load, { rows: height, columns: width }, context));
  const tile = panels
    ? sampleProductTile(schedule, site, { height, width, rest }, context)
    : sampleTile(schedule, reduction, windowTiles(site, columns, rows), (tiles) =>
        windowTile(site, columns, rows, tiles),
      );
  const packed = along.filter(isPacked);
  const hasDots = context.target.gpu === undefined;
  const steps =
    hasDots && packed.length === along.length && isDotProduct(site, loads, along, reduceLoops.at(-1)) ? 2 : 1;
  const streams = panels ? chooseStreams(schedule, site, packed, steps, reduceLoops, context) : 1;
  return {
    columns,
    rows,
    batch,
    moving: rest.filter((loop) => !batch.includes(loop)),
    tile,
    reduceLoops,
    packed,
    steps,
    streams,
    together: Math.max(steps * streams, vectorSteps(site, loads, reduceLoops.at(-1), context)),
    isProduct: panels,
    blocking:
      panels && context.target.gpu === undefined
        ? chooseBlocking(
            schedule,
            site,
            { along, across: loads.filter((load) => !along.includes(load)), rows, columns, others: rest.length, tile },
            context,
          )
        : undefined,
  };
}

/** On a GPU, four neighbours of an operand along the reduction are loaded as one vector. */
function vectorSteps(
  site: BlockSite,
  loads: readonly StridedAccess[],
  innermost: string | undefined,
  { target }: SpaceContext,
): number {
  if (target.gpu === undefined || innermost === undefined || extentOf(site, innermost) % 4 !== 0) return 1;
  return loads.some((load) => strideAlong(load, innermost) === 1) ? 4 : 1;
}

/** The tile of a product that there is once for each iteration of the loops `rest`. */
function sampleProductTile(
  schedule: Schedule,
  site: BlockSite,
  { height, width, rest }: { readonly height: number; readonly width: number; readonly rest: readonly string[] },
  context: SpaceContext,
): Tile {
  const { name } = site.block;
  const { gpu } = context.target;
  if (gpu !== undefined) {
    const count = rest.reduce((product, loop) => product * extentOf(site, loop), 1);
    return sampleTile(schedule, name, gpuTiles(height, width), (tiles) =>
      fastestGpuTile(count, height, width, tiles, gpu),
    );
  }
  const target = targetOf(schedule.func, site, context);
  return sampleTile(schedule, name, contractionTiles(height, width, target), (tiles) =>
    fastestTile(height, width, tiles, target),
  );
}

/** The target as the reduction meets it: there is no instruction that multiplies and adds but for f32. */
function targetOf(func: TensorFunc, site: BlockSite, { target }: SpaceContext): Target {
  const [buffer] = writtenBy(site);
  const isFloat = allBuffers(func).find(({ name }) => name === buffer)?.dtype === 'f32';
  return isFloat ? target : { ...target, fusedMultiplyAdd: false };
}

/** The tile's width first: what is packed follows it, whatever the height. */
export function sampleTile(
  schedule: Schedule,
  reduction: string,
  tiles: readonly Tile[],
  rule: (tiles: readonly Tile[]) => Tile,
): Tile {
  const widths = [...new Set(tiles.map((tile) => tile.vectors))];
  const vectors = schedule.sample(`${reduction}.vectors`, widths, rule(tiles).vectors);
  const left = tiles.filter((tile) => tile.vectors === vectors);
  const heights = left.map((tile) => tile.rows);
  return { vectors, rows: schedule.sample(`${reduction}.rows`, heights, rule(left).rows) };
}

/**
 * A constant is packed at compile time; another operand when enough rows read it again. On a GPU neighbours read what
 * they need side by side, and only rows of vectors that are not aligned are packed.
 */
const samplePacking = (
  schedule: Schedule,
  { access }: StridedAccess,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { constants, target }: SpaceContext,
): boolean =>
  target.gpu === undefined
    ? constants.has(access.buffer) || schedule.sample(`${access.buffer}.packed`, [true, false], rows >= 16)
    : constants.has(access.buffer) && columns % 4 !== 0;

/** Whether the windows of neighbouring results along a loop share elements. */
function overlaps(
  site: BlockSite,
  loop: string,
  reduceLoops: readonly string[],
  loads: readonly StridedAccess[],
): boolean {
  return loads.some((load) => {
    const step = strideAlong(load, loop) ?? 0;
    return (
      step > 0 &&
      reduceLoops.some((k) => {
        const inner = strideAlong(load, k) ?? 0;
        return inner > 0 && step < inner * extentOf(site, k);
      })
    );
  });
}

/** Windows: a few neighbouring places of a few vectors of channels. */
function windowTiles(site: BlockSite, columns: string, rows: string | undefined): readonly Tile[] {
  const fitting = (size: number, extent: number): boolean => size <= Math.max(1, extent);
  const widths = [1, 2, 3, 4].filter((width) => fitting(width, Math.floor(extentOf(site, columns) / 4)));
  const heights = [4, 3, 2, 1].filter((height) => fitting(height, extentOf(site, rows ?? '')));
  return widths
    .flatMap((vectors) => heights.map((height) => ({ rows: height, vectors })))
    .filter((tile) => tile.rows * tile.vectors <= 8);
}

/**
 * Of the tiles that are left: a few neighbouring places of one vector of channels, which share elements. Without overlap:
 * vectors of one place.
 */
function windowTile(site: BlockSite, columns: string, rows: string | undefined, tiles: readonly Tile[]): Tile {
  const width = rows === undefined ? Math.min(4, Math.max(1, Math.floor(extentOf(site, columns) / 4))) : 1;
  const least = Math.min(...tiles.map(({ vectors }) => Math.abs(vectors - width)));
  const fitting = tiles.filter(({ vectors }) => Math.abs(vectors - width) === least);
  const height = extentOf(site, rows ?? '');
  const tile = fitting.find((one) => one.rows > 1 && height % one.rows === 0) ?? fitting[0];
  invariant(tile !== undefined, `there are tiles for windows over ${columns}`);
  return tile;
}
