import type { Block, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { readBy, writtenBy } from './accesses.ts';
import { type BlockSite, blockSites, fail } from './nests.ts';

/** The place of a block in the order of the text. */
export const positionOf = (sites: readonly BlockSite[], block: Block): number =>
  sites.findIndex((site) => site.block === block);

/** Throws where what a block reads is written from `position` on, so that the block must not run there or later. */
export function requireSettledInputs(func: TensorFunc, site: BlockSite, position: number): void {
  const inputs = readBy(site);
  for (const later of blockSites(func).slice(position)) {
    const changed = later.block === site.block ? undefined : [...writtenBy(later)].find((buffer) => inputs.has(buffer));
    if (changed !== undefined)
      fail(
        func,
        `block '${site.block.name}'`,
        `it reads '${changed}', which block '${later.block.name}' writes after that place`,
      );
  }
}
