import { invariant } from '../../../ir/errors.ts';
import { blockSites, findBlock } from '../../analysis/nests.ts';
import type { Schedule } from '../../schedule.ts';
import { extentOf } from '../strides.ts';

/** How many invocations of a workgroup stand along its axes y and x. */
export interface TileGroup {
  readonly along: number;
  readonly across: number;
}

/**
 * Copies what a workgroup reads of a buffer in an iteration of a loop into its memory, by all its invocations: neighbours
 * take neighbouring vectors. Returns the bytes.
 */
export function copyTogether(
  schedule: Schedule,
  { block, buffer, loop }: { readonly block: string; readonly buffer: string; readonly loop: string },
  { along, across }: TileGroup,
): number {
  const before = new Set(blockSites(schedule.func).map((site) => site.block.name));
  schedule.apply({ primitive: 'reindex-cache-read', block, buffer, scope: 'workgroup' });
  const copy = blockSites(schedule.func).find((site) => !before.has(site.block.name))?.block.name;
  invariant(copy !== undefined, `cache-read of ${buffer} makes a block`);
  schedule.apply({ primitive: 'compute-at', block: copy, loop });
  const site = findBlock(schedule.func, copy);
  const loops = site.loops.slice(site.loops.findIndex(({ loopVar }) => loopVar === loop) + 1);
  const names = loops.map(({ loopVar }) => loopVar);
  const columns = names.at(-1) ?? '';
  const [vector, lane] = [`${columns}_vector`, `${columns}_lane`];
  const elements = loops.reduce((product, { loopVar }) => product * extentOf(site, loopVar), 1);
  // Where vectors would leave some invocations without work, all copy elements.
  const isOfVectors = extentOf(site, columns) % 4 === 0 && elements % (4 * along * across) === 0;
  if (isOfVectors) schedule.apply({ primitive: 'split', loop: columns, factors: [null, 4], names: [vector, lane] });
  const parts = isOfVectors ? [...names.slice(0, -1), vector] : names;
  const all = parts.length === 1 ? (parts[0] ?? '') : `${copy}_all`;
  if (parts.length > 1) schedule.apply({ primitive: 'fuse', loops: parts, name: all });
  const [round, y, x] = [`${copy}_round`, `${copy}_y`, `${copy}_x`];
  schedule.apply({ primitive: 'split', loop: all, factors: [null, along, across], names: [round, y, x] });
  schedule.apply({ primitive: 'bind', loop: y, axis: 'invocation.y' });
  schedule.apply({ primitive: 'bind', loop: x, axis: 'invocation.x' });
  if (isOfVectors) schedule.apply({ primitive: 'vectorize', loop: lane });
  return 4 * elements;
}
