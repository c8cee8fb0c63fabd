import { findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { attempt } from './inline.ts';
import { extentOf, loadsOf, storesOf, strideAlong } from './strides.ts';

/**
 * Vectorizes the innermost loop of a block along which every access is contiguous or does not move, four vectors at a
 * time where it is long enough. Other blocks stay scalar loops: lane by lane they would gain nothing.
 *
 *   for i { b[i] = f(a[i]) }   →   for i_tile { for i_vector in 4 unrolled { for i_lane in 4 vectorized { … } } }
 */
export function vectorizeBlock(schedule: Schedule, block: string): void {
  const site = findBlock(schedule.func, block);
  const loop = site.loops.at(-1);
  if (loop === undefined || loop.loopKind !== 'serial') return;
  const extent = extentOf(site, loop.loopVar);
  const accesses = [...loadsOf(schedule.func, site), ...storesOf(schedule.func, site)];
  const contiguous = accesses.every((access) => [0, 1].includes(strideAlong(access, loop.loopVar) ?? 2));
  if (extent < 4 || !contiguous) return;
  attempt(() => vectorizeLoop(schedule, block, loop.loopVar, extent));
}

function vectorizeLoop(schedule: Schedule, block: string, loop: string, extent: number): void {
  if (extent === 4) {
    schedule.apply({ primitive: 'vectorize', loop });
    return;
  }
  const candidates = [1, 2, 4, 8].filter((count) => 4 * count <= extent);
  const vectors = schedule.sample(`${block}.vectors`, candidates, extent >= 16 ? 4 : 1);
  const [outer, middle, lane] = [`${loop}_tile`, `${loop}_vector`, `${loop}_lane`];
  const names = vectors === 1 ? [outer, lane] : [outer, middle, lane];
  const factors = vectors === 1 ? [null, 4] : [null, vectors, 4];
  schedule.apply({ primitive: 'split', loop, factors, names });
  if (vectors !== 1) schedule.apply({ primitive: 'unroll', loop: middle });
  schedule.apply({ primitive: 'vectorize', loop: lane });
}
