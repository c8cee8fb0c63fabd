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
export function fastestTile(rows: number, columns: number, tiles: readonly Tile[], target: Target): Tile {
  const cycles = (tile: Tile): number => productCycles(rows, columns, tile, target);
  return tiles.reduce((best, tile) => (cycles(tile) < cycles(best) ? tile : best));
}

/** Cycles for one step of the reduction over the whole product of `rows` × `columns`, under the best tile. */
export function fastestCycles(rows: number, columns: number, target: Target): number {
  const tile = fastestTile(rows, columns, contractionTiles(rows, columns, target), target);
  return productCycles(rows, columns, tile, target);
}

/** Cycles for one step of the reduction over the whole product: full tiles, and those at the borders. */
function productCycles(rows: number, columns: number, tile: Tile, target: Target): number {
  const vectors = Math.floor(columns / 4);
  // A column beyond the last full vector costs as much as a vector.
  const units = vectors + (columns % 4);
  const [fullRows, restRows] = [Math.floor(rows / tile.rows), rows % tile.rows];
  const [fullColumns, restColumns] = [
    Math.floor(vectors / tile.vectors),
    units - Math.floor(vectors / tile.vectors) * tile.vectors,
  ];
  const row = (height: number): number =>
    fullColumns * tileCycles(height, tile.vectors, target) +
    (restColumns > 0 ? tileCycles(height, restColumns, target) : 0);
  return fullRows * row(tile.rows) + (restRows > 0 ? row(restRows) : 0);
}

/** Two products and two sums a cycle, two loads a cycle, and no tile below what keeps the adders busy. */
function tileCycles(rows: number, vectors: number, target: Target): number {
  const accumulators = rows * vectors;
  const arithmetic = Math.max(accumulators / 2, latencyCycles(accumulators, target));
  const loads = (rows + vectors) / 2;
  return Math.max(arithmetic, loads) + 0.1 * loads;
}

/** Additions alone take about 4 cycles and two start in each: with 8 accumulators or fewer they wait now and then. */
const accumulatorsInFlight = 9;

/**
 * Cycles until the sums of a step are there for the next. A product and its sum in one take about 4, of which a small
 * tile hides some behind the tiles beside it, and a larger one waits longer where they do not start when they could: as
 * measured, on tiles of 2 to 10 accumulators.
 */
const latencyCycles = (accumulators: number, { fusedMultiplyAdd }: Target): number =>
  fusedMultiplyAdd ? 3 + 0.215 * accumulators : accumulatorsInFlight / 2;
