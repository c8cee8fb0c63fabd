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
