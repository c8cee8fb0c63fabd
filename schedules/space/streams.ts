import type { BlockSite } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { SpaceContext } from './context.ts';
import { bytesRead, extentOf, type StridedAccess, strideAlong } from './strides.ts';

/** As many as steps of a reduction are unrolled under most tiles. */
const manyStreams = 4;

/**
 * As how many streams that run side by side a reduction reads its packed operands. What comes from beyond the caches
 * comes faster so: a processor fetches ahead only so far in each stream, and anew in each page of memory, but for many
 * streams at once. Of an operand that is packed by `steps` of the reduction, a stream has all steps of a group.
 */
export function chooseStreams(
  schedule: Schedule,
  site: BlockSite,
  packed: readonly StridedAccess[],
  steps: number,
  reduceLoops: readonly string[],
  { target }: SpaceContext,
): number {
  const [innermost] = reduceLoops.slice(-1);
  if (innermost === undefined || packed.length === 0) return 1;
  const isDivisible = extentOf(site, innermost) % (steps * manyStreams) === 0;
  if (!isDivisible || packed.some((load) => strideAlong(load, innermost) === 0)) return 1;
  const isLarge = bytesRead(schedule.func, site, packed) > target.cacheBytes;
  return schedule.sample(`${site.block.name}.streams`, [1, manyStreams], isLarge ? manyStreams : 1);
}
