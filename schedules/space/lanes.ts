import { findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { newLoops } from './reduction-site.ts';
import { extentOf } from './strides.ts';

/** The loops over a few neighbouring elements: one over vectors, one over a vector's 4 lanes. */
export interface Lanes {
  readonly unrolled: readonly string[];
  readonly vector: readonly string[];
}

/** Splits the columns of a tile into vectors of 4 lanes. */
export function splitLanes(schedule: Schedule, block: string, loops: readonly string[]): Lanes {
  const [loop] = loops;
  if (loop === undefined) return { unrolled: [], vector: [] };
  const extent = extentOf(findBlock(schedule.func, block), loop);
  if (extent === 4) return { unrolled: [], vector: [loop] };
  const names = [`${loop}_vector`, `${loop}_lane`] as const;
  schedule.apply({ primitive: 'split', loop, factors: [null, 4], names });
  return { unrolled: [names[0]], vector: [names[1]] };
}

/** The kinds of a tile's loops: all of it becomes straight-line code on vectors. */
export function finishTile(schedule: Schedule, unrolled: readonly string[], vector: readonly string[]): void {
  for (const loop of unrolled) schedule.apply({ primitive: 'unroll', loop });
  for (const loop of vector) schedule.apply({ primitive: 'vectorize', loop });
}

/** The init that decompose-reduction made has loops for the tile in the same order; the last walks the lanes. */
export function finishInit(schedule: Schedule, reduction: string): void {
  const update = new Set(findBlock(schedule.func, reduction).loops.map((loop) => loop.loopVar));
  const loops = newLoops(findBlock(schedule.func, `${reduction}_init`), update);
  const lane = loops.at(-1);
  if (lane !== undefined) finishTile(schedule, loops.slice(0, -1), [lane]);
}
