import type { BlockSite } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { Tile } from '../target/contraction-tile.ts';
import type { SpaceContext } from './context.ts';
import { enoughIterations } from './parallelize.ts';
import { bytesRead, extentOf, type StridedAccess } from './strides.ts';

/** What of a product stays in the cache while the rest passes it. */
export interface Blocking {
  /** Whether one panel stays while all places pass it (a large packed operand), or all panels pass a few rows. */
  readonly panelsOutside: boolean;
  /** Tiles of rows that all panels pass before the next; 0 where rows need no further split. */
  readonly rowTiles: number;
}

interface Product {
  /** The operand that is read along the columns. */
  readonly along: readonly StridedAccess[];
  /** That which is read along the rows. */
  readonly across: readonly StridedAccess[];
  readonly rows: string | undefined;
  readonly columns: string;
  /** How many other loops of results there are. */
  readonly others: number;
  readonly tile: Tile;
}

export function chooseBlocking(
  schedule: Schedule,
  site: BlockSite,
  { along, across, rows, columns, others, tile }: Product,
  { target }: SpaceContext,
): Blocking {
  const tiles = Math.ceil(extentOf(site, rows ?? '') / tile.rows);
  const isBlockable = others === 0 && tiles >= enoughIterations;
  const [panelBytes, rowBytes] = [bytesRead(schedule.func, site, along), bytesRead(schedule.func, site, across)];
  // With panels outside a large operand is read once, and all rows for every panel: better than blocks of rows, each of
  // which reads all panels, until rows are far beyond what stays in the cache.
  const areBlocked = isBlockable && rowBytes > 2 * target.cacheBytes;
  const areOutside = panelBytes > target.cacheBytes && !areBlocked;
  const { name } = site.block;
  if (schedule.sample(`${name}.panels-outside`, [false, true], areOutside)) return { panelsOutside: true, rowTiles: 0 };
  if (!isBlockable) return { panelsOutside: false, rowTiles: 0 };
  const panels = Math.ceil(extentOf(site, columns) / (4 * tile.vectors));
  const wanted = Math.max(4, Math.floor((target.cacheBytes / 4 / rowBytes) * tiles));
  const isForCache = rowBytes > target.cacheBytes;
  // Blocks of rows are what threads share, too, where there are few panels: some for each. And where the rows are more
  // than the panels, which each thread then has to get of what others have written.
  const shared = Math.max(4, Math.floor(tiles / (3 * enoughIterations)));
  const longest = Math.floor(Math.min(isForCache ? 2 * wanted : tiles, tiles / enoughIterations));
  const isBlocked = isForCache || panels < enoughIterations || rowBytes > panelBytes;
  const divisor = isBlocked ? nearestDivisor(tiles, Math.min(wanted, shared), longest) : 0;
  const preferred = divisor ?? (isForCache ? Math.max(4, Math.min(wanted, longest)) : 0);
  const candidates = [0, 4, 8, 16, 32, 64].filter((size) => size < tiles);
  const all = [...new Set([...candidates, preferred])].sort((a, b) => a - b);
  return { panelsOutside: false, rowTiles: schedule.sample(`${name}.row-tiles`, all, preferred) };
}

/** The divisor from 4 to `most` that is nearest in ratio. One leaves no block of another size, which would need code of its own. */
function nearestDivisor(count: number, wanted: number, most: number): number | undefined {
  const distance = (size: number): number => Math.abs(Math.log(size / wanted));
  const sizes = Array.from({ length: Math.max(0, most - 3) }, (_, i) => i + 4).filter((size) => count % size === 0);
  return sizes.toSorted((x, y) => distance(x) - distance(y))[0];
}
