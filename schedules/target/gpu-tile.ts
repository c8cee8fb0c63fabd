import type { Tile } from './contraction-tile.ts';
import type { GpuLimits } from './target.ts';

const heights = [8, 7, 6, 5, 4, 3, 2, 1];

/** The register tiles that an invocation may compute of a product of `rows` × `columns`. */
export const gpuTiles = (rows: number, columns: number): readonly Tile[] =>
  [2, 1]
    .flatMap((vectors) => heights.map((height) => ({ rows: height, vectors })))
    .filter((tile) => tile.rows <= rows && 4 * tile.vectors <= Math.max(4, columns));

/** What a vector costs to load, in products of vectors: some of both are in the caches. */
const loadCost = 6;

/**
 * The tile under which `count` products of `rows` × `columns` take the least time: large ones load little for each
 * product, small ones are enough to keep the device busy. Along the rows, elements are loaded four steps of the reduction
 * at a time.
 */
export function fastestGpuTile(
  count: number,
  rows: number,
  columns: number,
  tiles: readonly Tile[],
  { invocations }: GpuLimits,
): Tile {
  const time = (tile: Tile): number => {
    const all = count * Math.ceil(rows / tile.rows) * Math.ceil(columns / (4 * tile.vectors));
    return Math.max(all, invocations) * (tile.rows * tile.vectors + loadCost * (tile.vectors + tile.rows / 4));
  };
  return tiles.reduce((best, tile) => (time(tile) < time(best) ? tile : best));
}

/** So many times the invocations that keep a device busy are several workgroups for each of its cores. */
const severalTimes = 8;
/** Steps of a reduction from which on copies are few beside the products. */
const deepReduction = 64;

/**
 * Whether the workgroups of a product keep what its tiles read in their memory, if nothing else is said. Large ones do:
 * all invocations of a core load through one cache, which answers for fewer addresses at a time than the workgroup's
 * memory, and while one workgroup waits for its copies, others compute. Where there is about one workgroup a core, nothing
 * hides these waits; and a device in software, which has caches alone, gains nothing from copies, so that what it can be
 * asked to compute in reasonable time stays without.
 */
export const sharesTiles = (total: number, steps: number, { invocations }: GpuLimits): boolean =>
  total >= severalTimes * invocations && steps >= deepReduction;
