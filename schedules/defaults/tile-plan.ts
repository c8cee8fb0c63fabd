import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { BlockSite } from '../analysis/nests.ts';
import { loopsOf } from './reduction-site.ts';
import { extentOf, loadsOf, type StridedAccess, strideAlong } from './strides.ts';
import { contractionTile, type Tile } from './tile-sizes.ts';

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
  /** What is walked outside of what, where an operand is packed in panels of columns; undefined for windows. */
  readonly blocking: Blocking | undefined;
}

export interface Blocking {
  /** Whether one panel stays while all places pass it (a large packed operand), or all panels pass a few rows. */
  readonly panelsOutside: boolean;
  /** Tiles of rows that all panels pass before the next; undefined where rows need no further split. */
  readonly rowTiles: number | undefined;
}

export function planTile(func: TensorFunc, site: BlockSite, constants: ReadonlySet<string>): TilePlan | undefined {
  const [spatial, reduceLoops] = [loopsOf(site, 'spatial'), loopsOf(site, 'reduce')];
  const columns = spatial.at(-1);
  const loads = loadsOf(func, site);
  if (columns === undefined || extentOf(site, columns) < 4) return undefined;
  const scattered = loads.filter((load) => ![0, 1].includes(strideAlong(load, columns) ?? 2));
  if (!scattered.every((load) => isPackable(load, func))) return undefined;
  const along = loads.filter((load) => strideAlong(load, columns) !== 0);
  const others = spatial.slice(0, -1);
  const shared = others.findLast((loop) => along.every((load) => strideAlong(load, loop) === 0));
  // An operand that does not follow the columns makes it a product, of a single row where no loop is shared.
  const panels = loads.length > along.length;
  const rows = panels ? shared : others.findLast((loop) => overlaps(site, loop, reduceLoops, loads));
  const rest = others.filter((loop) => loop !== rows);
  const batch = panels ? rest.filter((loop) => along.some((load) => strideAlong(load, loop) !== 0)) : [];
  const worth = (load: StridedAccess): boolean =>
    scattered.includes(load) ||
    (panels && isPackable(load, func) && worthPacking(load, extentOf(site, rows ?? ''), constants));
  const tile = panels
    ? contractionTile(extentOf(site, rows ?? ''), extentOf(site, columns))
    : windowTile(site, columns, rows);
  return {
    columns,
    rows,
    batch,
    moving: rest.filter((loop) => !batch.includes(loop)),
    tile,
    reduceLoops,
    packed: along.filter(worth),
    blocking: panels ? blockingOf(site, along, rows ?? '', rest.length, tile) : undefined,
  };
}

/** What is read again and again should stay in the second-level cache, of which half a megabyte is on any machine. */
const cachedBytes = 512 * 1024;
const rowBytes = 128 * 1024;

function blockingOf(
  site: BlockSite,
  along: readonly StridedAccess[],
  rows: string,
  others: number,
  tile: Tile,
): Blocking {
  const footprint = (load: StridedAccess): number =>
    [...(load.strides?.keys() ?? [])].reduce((bytes, loop) => bytes * extentOf(site, loop), 4);
  if (Math.max(...along.map(footprint)) > cachedBytes) return { panelsOutside: true, rowTiles: undefined };
  const depth = loopsOf(site, 'reduce').reduce((product, loop) => product * extentOf(site, loop), 4);
  const tiles = Math.ceil(extentOf(site, rows) / tile.rows);
  const wanted = Math.max(4, Math.floor(rowBytes / depth / tile.rows));
  const blocked = others === 0 && tiles > 2 * wanted;
  return { panelsOutside: false, rowTiles: blocked ? nearbyDivisor(tiles, wanted) : undefined };
}

/** A divisor leaves no block of another size, which would need code of its own. */
function nearbyDivisor(count: number, wanted: number): number {
  for (let size = Math.floor(wanted * 1.5); size >= wanted / 2; size--) if (count % size === 0) return size;
  return wanted;
}

/** Every dimension of an input follows one loop: its elements can be put into any order. */
const isPackable = ({ access }: StridedAccess, func: TensorFunc): boolean =>
  func.inputs.some((input) => input.name === access.buffer) &&
  access.indices.every((index) => index.kind === 'var' || index.kind === 'const');

/** A constant is packed at compile time; another operand when enough rows read it again. */
const worthPacking = ({ access }: StridedAccess, rows: number, constants: ReadonlySet<string>): boolean =>
  constants.has(access.buffer) || rows >= 16;

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

/** Windows: a few neighbouring places of one vector of channels. Without overlap: several vectors of one place. */
function windowTile(site: BlockSite, columns: string, rows: string | undefined): Tile {
  const vectors = Math.max(1, Math.floor(extentOf(site, columns) / 4));
  if (rows === undefined) return { rows: 1, vectors: Math.min(4, vectors) };
  const height = extentOf(site, rows);
  const divisor = [4, 3, 2].find((size) => height % size === 0);
  return { rows: divisor ?? Math.min(4, height), vectors: 1 };
}
