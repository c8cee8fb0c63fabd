import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { readBy, writtenBy } from './accesses.ts';
import { bodyRanges, iterRanges, mergeRanges } from './extents.ts';
import { feeds } from './iters.ts';
import { type BlockSite, blockSites, fail } from './nests.ts';
import { isSeparate, makesAnew, writtenAccesses } from './overlap.ts';
import { storesOf } from './reduction.ts';
import { separates } from './separation.ts';

/** The place of a block in the order of the text. */
export const positionOf = (sites: readonly BlockSite[], block: Block): number =>
  sites.findIndex((site) => site.block === block);

/**
 * Throws where what a block reads is not the same at `position`, so that the block must not run there: because it is
 * written from there on, or changes while a loop around the block runs.
 */
export function requireSettledInputs(func: TensorFunc, site: BlockSite, position: number): void {
  const inputs = readBy(site);
  const place = `block '${site.block.name}'`;
  blockSites(func).forEach((other, at) => {
    const read = other.block === site.block ? [] : [...writtenBy(other)].filter((buffer) => inputs.has(buffer));
    for (const buffer of read) {
      if (at >= position)
        fail(func, place, `it reads '${buffer}', which block '${other.block.name}' writes after that place`);
      if (!isSettledOutside(func, site, other, buffer))
        fail(func, place, `it reads '${buffer}', which block '${other.block.name}' changes in a loop that both are in`);
    }
  });
}

/** Whether the iterations of the loops that a reader shares with a writer leave each element with one and the same value. */
function isSettledOutside(func: TensorFunc, reader: BlockSite, writer: BlockSite, buffer: string): boolean {
  const writes = (writtenAccesses([writer]).get(buffer) ?? []).filter((access) => access.write);
  const shared = writer.loops.filter((loop) => reader.loops.includes(loop));
  if (shared.some(({ loopVar }) => feeds(writer.block, loopVar).has('reduce'))) return false;
  const others = (loop: For): readonly For[] => writer.loops.slice(0, writer.loops.indexOf(loop));
  return (
    shared.every((loop) => isSeparate(func, writes, loop.loopVar, others(loop))) || isValueOfIndex(func, writer, buffer)
  );
}

/** Whether each element is written by one spatial instance of a block alone, from scratch: then it has only one value. */
function isValueOfIndex(func: TensorFunc, { block }: BlockSite, buffer: string): boolean {
  const accesses = storesOf(block)
    .filter((store) => store.buffer === buffer)
    .map((store) => store.indices);
  const ranges = mergeRanges(sizeRanges(func), iterRanges(block), bodyRanges(block));
  const fixed = new Set(func.sizes);
  const spatial = block.iters.filter(({ kind }) => kind === 'spatial');
  return makesAnew(block, buffer) && spatial.every(({ name }) => separates(name, { accesses, ranges, fixed }));
}
