import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { accessesOf, readersOf, writtenBy } from '../analysis/accesses.ts';
import { constantExtent, variablesIn } from '../analysis/extents.ts';
import { type BlockSite, blockSites, findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';

/** The loops of a block that feed iteration variables of one kind, outermost first, without those that run once. */
export function loopsOf(site: BlockSite, kind: 'spatial' | 'reduce'): readonly string[] {
  const feeding = site.block.iters.filter((iter) => iter.kind === kind).flatMap((iter) => [...variablesIn(iter.value)]);
  return longLoops(site).filter((loop) => feeding.includes(loop));
}

/** The loops around a block that run more than once. */
export const longLoops = (site: BlockSite): readonly string[] =>
  site.loops.filter((loop) => constantExtent(loop) !== 1).map((loop) => loop.loopVar);

export const isReduction = (site: BlockSite): boolean =>
  site.block.iters.some((iter) => iter.kind === 'reduce') && site.block.init !== undefined;

/** The block that writes a reduction's finished values to where they go, and how its loops correspond. */
export interface WriteBack {
  readonly block: string;
  /** For each spatial loop of the reduction, the loop of the write-back that walks the same axis. */
  readonly loops: ReadonlyMap<string, string>;
}

/**
 * The consumer of a reduction that reads its result element by element, which then is its epilogue; where there is
 * none (the result is the function's, or is read otherwise), a copy that writes the result back. Undefined where the
 * loops do not correspond.
 */
export function writeBack(schedule: Schedule, reduction: string): WriteBack | undefined {
  const found = epilogue(schedule.func, reduction);
  if (found !== undefined) return found;
  schedule.apply({ primitive: 'cache-write', block: reduction, scope: 'local' });
  return epilogue(schedule.func, reduction);
}

function epilogue(func: TensorFunc, reduction: string): WriteBack | undefined {
  const site = findBlock(func, reduction);
  const [buffer] = writtenBy(site);
  if (buffer === undefined || !func.temps.some((temp) => temp.name === buffer)) return undefined;
  const readers = readersOf(blockSites(func), buffer).filter((reader) => reader.block.name !== reduction);
  const [reader] = readers;
  if (reader === undefined || readers.length !== 1 || isReduction(reader)) return undefined;
  const written = accessesOf(site).find((access) => access.write && access.buffer === buffer);
  const reads = accessesOf(reader).filter((access) => !access.write && access.buffer === buffer);
  const loops = new Map<string, string>();
  for (const read of reads) {
    for (const [axis, index] of (written?.indices ?? []).entries()) {
      const consumer = read.indices[axis];
      if (index.kind === 'const' && consumer?.kind === 'const') continue;
      if (index.kind !== 'var' || consumer?.kind !== 'var') return undefined;
      if ((loops.get(index.name) ?? consumer.name) !== consumer.name) return undefined;
      loops.set(index.name, consumer.name);
    }
  }
  const own = longLoops(reader);
  return own.length === loops.size && own.every((loop) => [...loops.values()].includes(loop))
    ? { block: reader.block.name, loops }
    : undefined;
}

/** Loops that a step made around a block: those that were not there before and run more than once. */
export const newLoops = (site: BlockSite, before: ReadonlySet<string>): readonly string[] =>
  longLoops(site).filter((loop) => !before.has(loop));

export const loopNames = (func: TensorFunc): ReadonlySet<string> =>
  new Set(blockSites(func).flatMap((site) => site.loops.map((loop) => loop.loopVar)));
