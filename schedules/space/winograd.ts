import { elementCount } from '../../ir/tensor-data.ts';
import { accessesOf, readersOf, writtenBy } from '../analysis/accesses.ts';
import { type BlockSite, blockSites, findBlock, findBuffer } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { contractionTiles, fastestTile, type Tile } from '../target/contraction-tile.ts';
import type { SpaceContext } from './context.ts';
import { vectorizeBlock } from './elementwise.ts';
import { inlineElementwise } from './inline.ts';
import { finishTile } from './lanes.ts';
import { enoughIterations } from './parallelize.ts';
import { loopNames } from './reduction-site.ts';
import { tileUpdate } from './register-tile.ts';
import { extentOf } from './strides.ts';
import { sampleTile } from './tile-plan.ts';

/**
 * Schedules a convolution that is lowered as products of transformed tiles, whose blocks are marked `winograd`. Lines of
 * tiles are taken in blocks whose transformed input stays in the cache; of a block, a panel of output channels at a time
 * goes from the products to the results:
 *
 *   for block { V of the block; for panel { for ξ, ν { M[ξ, ν] = V[ξ, ν] · U[ξ, ν] }; for tile { results from M } } }
 *
 * Where there are few blocks, all of V is computed first and panels stand outside, for threads to share. The filter's
 * transform reads constants only, and is laid out in the order in which the products read it.
 *
 * Returns false where no block is marked.
 */
export function scheduleWinograd(schedule: Schedule, context: SpaceContext): boolean {
  if (marked(schedule, 'product') === undefined) return false;
  inlineElementwise(schedule);
  const parts = findParts(schedule);
  const plan = planTiles(schedule, parts, context);
  const streams = planStreams(schedule, parts, context);
  const loops = tileResults(schedule, parts, plan);
  transformResults(schedule, parts.halfOutput, loops.vectors);
  tileProducts(schedule, parts.product, loops.panels, plan.tile.rows, streams);
  transformInput(schedule, parts, plan, loops.blocks);
  transformFilter(schedule, parts, 4 * plan.tile.vectors, streams);
  for (const name of parts.others) vectorizeBlock(schedule, name);
  return true;
}

/** The names of the blocks. */
interface Parts {
  readonly halfFilter: string;
  readonly filter: string;
  readonly halfInput: string;
  readonly input: string;
  readonly product: string;
  readonly halfOutput: string;
  /** Writes the convolution's results, and whatever was fused into it. */
  readonly results: string;
  readonly others: readonly string[];
}

const marked = (schedule: Schedule, part: string): BlockSite | undefined =>
  blockSites(schedule.func).find(({ block }) => block.annotations?.['winograd'] === part);

function findParts(schedule: Schedule): Parts {
  const nameOf = (part: string): string => marked(schedule, part)?.block.name ?? '';
  const halfOutput = nameOf('output-columns');
  const [buffer] = writtenBy(findBlock(schedule.func, halfOutput));
  const [results] = readersOf(blockSites(schedule.func), buffer ?? '');
  const parts = {
    halfFilter: nameOf('filter-columns'),
    filter: nameOf('filter'),
    halfInput: nameOf('input-columns'),
    input: nameOf('input'),
    product: nameOf('product'),
    halfOutput,
    results: results?.block.name ?? '',
  };
  const known = new Set<string>(Object.values(parts));
  const others = blockSites(schedule.func).flatMap(({ block }) => (known.has(block.name) ? [] : [block.name]));
  return { ...parts, others };
}

interface TilesPlan {
  /** Results of a tile along an axis. */
  readonly size: number;
  /** Tiles in a line of them. */
  readonly columns: number;
  /** Lines of tiles in a block; all of them where panels stand outside. */
  readonly lines: number;
  readonly panelsOutside: boolean;
  readonly tile: Tile;
}

function planTiles(schedule: Schedule, { product, halfOutput, results }: Parts, { target }: SpaceContext): TilesPlan {
  const [points, , tiles, outputs] = shapeOf(schedule, product);
  const [size] = shapeOf(schedule, halfOutput);
  const inputs = extentOf(
    findBlock(schedule.func, product),
    findBlock(schedule.func, product).loops.at(-1)?.loopVar ?? '',
  );
  const site = findBlock(schedule.func, results);
  const [height, width] = site.loops.slice(-3).map(({ loopVar }) => Math.ceil(extentOf(site, loopVar) / size));
  const [lines, columns] = [height as number, width as number];
  const tileBytes = 4 * points * points * (inputs + 8);
  const most = Math.max(1, Math.floor(target.cacheBytes / (columns * tileBytes)));
  const fitting = divisorUpTo(lines, most);
  const isShared = tiles / (columns * fitting) >= enoughIterations;
  const panelsOutside = schedule.sample(`${product}.panels-outside`, [false, true], !isShared);
  const divisors = Array.from({ length: lines }, (_, i) => i + 1).filter((count) => lines % count === 0);
  const taken = panelsOutside ? lines : schedule.sample(`${product}.lines`, divisors, fitting);
  const rows = taken * columns;
  const tile = sampleTile(schedule, product, contractionTiles(rows, outputs, target), (candidates) =>
    fastestTile(rows, outputs, candidates, target),
  );
  return { size, columns, lines: taken, panelsOutside, tile };
}

/**
 * As how many streams the products read the transformed filter, for the reason that `streams.ts` gives; more than other
 * products, since few rows, as each of many may have here, read much of it in little time.
 */
function planStreams(schedule: Schedule, { product, filter }: Parts, { target }: SpaceContext): number {
  const shape = shapeOf(schedule, filter);
  const counts = [1, 4, 8].filter((count) => shape[2] % count === 0);
  const isLarge = 4 * elementCount(shape) > target.cacheBytes;
  return schedule.sample(`${product}.streams`, counts, isLarge ? Math.max(...counts) : 1);
}

function divisorUpTo(count: number, most: number): number {
  for (let size = Math.min(count, most); size > 1; size--) if (count % size === 0) return size;
  return 1;
}

/** The static extents of what a block writes. */
function shapeOf(schedule: Schedule, block: string): readonly [number, number, number, number] {
  const [buffer] = writtenBy(findBlock(schedule.func, block));
  return findBuffer(schedule.func, buffer ?? '').shape as readonly [number, number, number, number];
}

const loopVars = (schedule: Schedule, block: string, count: number): readonly string[] =>
  findBlock(schedule.func, block)
    .loops.slice(-count)
    .map(({ loopVar }) => loopVar);

/** Cuts the results into blocks of lines of tiles, panels of channels, tiles, and vectors of a panel. */
function tileResults(schedule: Schedule, { results }: Parts, { size, lines, panelsOutside, tile }: TilesPlan) {
  const images = findBlock(schedule.func, results)
    .loops.slice(0, -3)
    .map(({ loopVar }) => loopVar);
  const [y, x, k] = loopVars(schedule, results, 3) as [string, string, string];
  const [block, line, yIn] = [`${y}_block`, `${y}_tile`, `${y}_in`] as const;
  const [column, xIn] = [`${x}_tile`, `${x}_in`] as const;
  const [panel, vector, lane] = [`${k}_panel`, `${k}_vector`, `${k}_lane`] as const;
  schedule.apply({ primitive: 'split', loop: y, factors: [null, lines, size], names: [block, line, yIn] });
  schedule.apply({ primitive: 'split', loop: x, factors: [null, size], names: [column, xIn] });
  schedule.apply({ primitive: 'split', loop: k, factors: [null, tile.vectors, 4], names: [panel, vector, lane] });
  const outer = panelsOutside ? [panel, ...images, block] : [...images, block, panel];
  schedule.apply({ primitive: 'reorder', loops: [...outer, line, column, vector, yIn, xIn, lane] });
  finishTile(schedule, [yIn, xIn], [lane]);
  return { blocks: block, panels: panelsOutside ? block : panel, vectors: vector };
}

/** The first half of the output's transform, in registers. */
function transformResults(schedule: Schedule, block: string, loop: string): void {
  schedule.apply({ primitive: 'compute-at', block, loop });
  keepLocal(schedule, block);
  const loops = loopVars(schedule, block, 4);
  finishTile(schedule, loops.slice(0, 2), loops.slice(3));
}

function keepLocal(schedule: Schedule, block: string): void {
  const [buffer] = writtenBy(findBlock(schedule.func, block));
  if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
}

/** The products of a block and a panel: tiles of registers, which are copied to where the output's transform reads them. */
function tileProducts(schedule: Schedule, product: string, loop: string, rows: number, streams: number): void {
  const [buffer] = writtenBy(findBlock(schedule.func, product));
  schedule.apply({ primitive: 'cache-write', block: product, scope: 'local' });
  const copy = blockSites(schedule.func).find(
    ({ block }) => block.name !== product && writtenBy(findBlock(schedule.func, block.name)).has(buffer ?? ''),
  );
  const name = copy?.block.name ?? '';
  if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'thread' });
  schedule.apply({ primitive: 'compute-at', block: name, loop });
  const [row, column, tile, k] = loopVars(schedule, name, 4) as [string, string, string, string];
  const [outer, inner] = [`${tile}_tile`, `${tile}_in`] as const;
  const [vector, lane] = [`${k}_vector`, `${k}_lane`] as const;
  schedule.apply({ primitive: 'split', loop: tile, factors: [null, rows], names: [outer, inner] });
  schedule.apply({ primitive: 'split', loop: k, factors: [null, 4], names: [vector, lane] });
  schedule.apply({ primitive: 'reorder', loops: [row, column, outer, inner, vector, lane] });
  finishTile(schedule, [inner, vector], [lane]);
  const before = loopNames(schedule.func);
  schedule.apply({ primitive: 'compute-at', block: product, loop: outer });
  tileUpdate(schedule, product, before, { steps: 1, together: streams });
}

/** Both halves of the input's transform for a vector of channels of a tile at once. */
function transformInput(
  schedule: Schedule,
  { input, halfInput }: Parts,
  { columns, panelsOutside }: TilesPlan,
  block: string,
): void {
  const [buffer] = writtenBy(findBlock(schedule.func, input));
  if (!panelsOutside) schedule.apply({ primitive: 'compute-at', block: input, loop: block });
  if (!panelsOutside && buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'thread' });
  const [row, column, tile, c] = loopVars(schedule, input, 4) as [string, string, string, string];
  const [line, place] = [`${tile}_line`, `${tile}_place`] as const;
  const [vector, lane] = [`${c}_vector`, `${c}_lane`] as const;
  schedule.apply({ primitive: 'split', loop: tile, factors: [null, columns], names: [line, place] });
  schedule.apply({ primitive: 'split', loop: c, factors: [null, 4], names: [vector, lane] });
  schedule.apply({ primitive: 'reorder', loops: [line, place, vector, row, column, lane] });
  finishTile(schedule, [row, column], [lane]);
  computeHalf(schedule, halfInput, vector);
}

/** The half that runs down the columns, a column after the other, in registers. */
function computeHalf(schedule: Schedule, block: string, loop: string): void {
  schedule.apply({ primitive: 'compute-at', block, loop });
  keepLocal(schedule, block);
  const [row, column, , last] = loopVars(schedule, block, 4) as [string, string, string, string];
  schedule.apply({ primitive: 'reorder', loops: [column, row] });
  finishTile(schedule, [column, row], [last]);
}

/**
 * Panels of output channels, whose elements stand in the order in which the products read them: input channel c is in
 * stream c mod `streams`, and each stream goes on from one product of a panel to the next, so that the end of a product
 * is none of the stream's.
 */
function transformFilter(
  schedule: Schedule,
  { filter, halfFilter, product }: Parts,
  width: number,
  streams: number,
): void {
  const [buffer] = writtenBy(findBlock(schedule.func, filter));
  const source = accessesOf(findBlock(schedule.func, halfFilter)).find((access) => !access.write);
  const panels = { dim: 3, div: width };
  const lanes = { dim: 3, mod: width };
  schedule.apply({
    primitive: 'transform-layout',
    buffer: buffer ?? product,
    layout: [panels, { dim: 2, mod: streams }, { dim: 0 }, { dim: 1 }, { dim: 2, div: streams }, lanes],
  });
  schedule.apply({
    primitive: 'transform-layout',
    buffer: source?.buffer ?? '',
    layout: [{ dim: 0, div: width }, { dim: 1 }, { dim: 2 }, { dim: 3 }, { dim: 0, mod: width }],
  });
  const [row, column, c, k] = loopVars(schedule, filter, 4) as [string, string, string, string];
  const [panel, vector, lane] = [`${k}_panel`, `${k}_vector`, `${k}_lane`] as const;
  const [stream, step] = [`${c}_stream`, `${c}_step`] as const;
  schedule.apply({ primitive: 'split', loop: k, factors: [null, width / 4, 4], names: [panel, vector, lane] });
  schedule.apply({ primitive: 'split', loop: c, factors: [null, streams], names: [step, stream] });
  schedule.apply({ primitive: 'reorder', loops: [panel, stream, step, vector, row, column, lane] });
  finishTile(schedule, [row, column], [lane]);
  computeHalf(schedule, halfFilter, vector);
}
