/** A register tile: rows × vectors of 4 lanes, all of whose accumulators live in registers. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * What fits the engine's 15 vector registers: the accumulators, the vectors of one operand and of their products, and
 * the repeated element of the other. A product may be computed in the place of its vector for the last row.
 */
const registers = 15;
const fits = ({ rows, vectors }: Tile): boolean => rows * vectors + 2 * vectors + 1 <= registers;

/** Additions take about 4 cycles and two start in each: fewer than 8 accumulators leave the adders waiting. */
const accumulatorsInFlight = 8;

const candidates: readonly Tile[] = [2, 1, 3, 4]
  .flatMap((vectors) => [5, 4, 3, 2, 1, 6, 7, 8].map((rows) => ({ rows, vectors })))
  .filter(fits);

/** The tile under which a product of `rows` × `columns` takes the least time, by a count of the work in each. */
export function contractionTile(rows: number, columns: number): Tile {
  const useful = candidates.filter((tile) => tile.rows <= rows && 4 * tile.vectors <= Math.max(4, columns));
  return useful.reduce((best, tile) =>
    productCycles(rows, columns, tile) < productCycles(rows, columns, best) ? tile : best,
  );
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

/** Two products and two sums a cycle, two loads a cycle, and no tile below what keeps the adders busy. */
function tileCycles(rows: number, vectors: number): number {
  const arithmetic = Math.max(rows * vectors, accumulatorsInFlight) / 2;
  const loads = (rows + vectors) / 2;
  return Math.max(arithmetic, loads) + 0.25 * loads;
}
