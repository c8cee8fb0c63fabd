import type { For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { touchersOf, writtenBy } from './accesses.ts';
import { runsForAll } from './coverage.ts';
import { plainDims } from './iters.ts';
import { type BlockSite, blockSites, fail, findBuffer } from './nests.ts';
import { positionOf } from './order.ts';
import { makesAnew } from './overlap.ts';
import { storesOf } from './reduction.ts';
import { requireAnyOrder } from './reduction-nest.ts';

/**
 * Checks that a block makes one buffer from scratch, in any order, and that only blocks after it, in loops that are
 * neither its own nor those of the new place, use that: then it may run earlier, as soon as what it reads is there.
 */
export function requireMovable(func: TensorFunc, consumer: BlockSite, place: readonly For[]): void {
  const { block, loops } = consumer;
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const [name, ...more] = writtenBy(consumer);
  if (name === undefined || more.length > 0) return refuse('it does not write just one buffer');
  const buffer = findBuffer(func, name);
  if (storesOf(block).some((store) => plainDims(block, store, buffer) === undefined))
    return refuse(`its indices of '${name}' are not just its iteration variables`);
  if (!makesAnew(block, name)) return refuse(`it does not make each element of '${name}' from scratch`);
  if (!runsForAll(consumer)) return refuse('it does not run for all values of its iteration variables');
  requireAnyOrder(func, consumer, name);
  const sites = blockSites(func);
  const around = new Set([...loops, ...place]);
  for (const other of touchersOf(sites, name)) {
    if (other.block === block) continue;
    if (positionOf(sites, other.block) < positionOf(sites, block))
      refuse(`block '${other.block.name}' before it uses '${name}' as well`);
    const shared = other.loops.find((one) => around.has(one));
    if (shared !== undefined)
      refuse(`block '${other.block.name}' in the same loop '${shared.loopVar}' uses '${name}' as well`);
  }
}
