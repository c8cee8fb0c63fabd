import type { Target } from './target.ts';

/** A register tile: rows × vectors of 4 lanes, all of whose accumulators live in registers. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * Whether a tile leaves room for the vectors of one operand, those of their products, and the repeated element of the
 * other. A product may be computed in the place of its vector for the last row.
 */
export const fitsRegisters = ({ rows, vectors }: Tile, target: Target): boolean =>
  rows * vectors + (target.fusedMultiplyAdd ? 1 : 2) * vectors + 1 <= target.vectorRegisters;

/** The tiles that a product of `rows` × `columns` may have, those first that are best where the size allows any. */
export function contractionTiles(rows: number, columns: number, target: Target): readonly Tile[] {
  const heights = target.fusedMultiplyAdd ? [6, 5, 4, 3, 2, 1, 7, 8] : [5, 4, 3, 2, 1, 6, 7, 8];
  return [2, 1, 3, 4]
    .flatMap((vectors) => heights.map((height) => ({ rows: height, vectors })))
    .filter((tile) => fitsRegisters(tile, target))
    .filter((tile) => tile.rows <= rows && 4 * tile.vectors <= Math.max(4, columns));
}

/** The tile under which a product of `rows` × `columns` takes the least time, by a count of the work in each. */
export const fastestTile = (rows: number, columns: number, tiles: readonly Tile[]): Tile =>
  tiles.reduce((best, tile) => (productCycles(rows, columns, tile) < productCycles(rows, columns, best) ? tile : best));

/** Cycles for one step of the reduction over the whole product of `rows` × `columns`, under the best tile. */
export function fastestCycles(rows: number, columns: number, target: Target): number {
  const tile = fastestTile(rows, columns, contractionTiles(rows, columns, target));
  return productCycles(rows, columns, tile);
}

/** Cycles for one step of the reduction over the whole product: full tiles, and those at the borders. */
function productCycles(rows: number, columns: number, tile: Tile): number {
  const vectors = Math.floor(columns / 4);
  // A column beyond the last full vector costs as much as a vector.
  const units = vectors + (columns % 4);
  const [fullRows, restRows] = [Math.floor(rows / tile.rows), rows % tile.rows];
  const [fullColumns, restColumns] = [
    Math.floor(vectors / tile.vectors),
    units - Math.floor(vectors / tile.vectors) * tile.vectors,
  ];
  const row = (height: number): number =>
    fullColumns * tileCycles(height, tile.vectors) + (restColumns > 0 ? tileCycles(height, restColumns) : 0);
  return fullRows * row(tile.rows) + (restRows > 0 ? row(restRows) : 0);
}

/** Additions take about 4 cycles and two start in each: with 8 accumulators or fewer the adders wait now and then. */
const accumulatorsInFlight = 9;

/** Two products and two sums a cycle, two loads a cycle, and no tile below what keeps the adders busy. */
function tileCycles(rows: number, vectors: number): number {
  const arithmetic = Math.max(rows * vectors, accumulatorsInFlight) / 2;
  const loads = (rows + vectors) / 2;
  return Math.max(arithmetic, loads) + 0.1 * loads;
}
