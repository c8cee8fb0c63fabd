import type { For } from '../../../ir/tensor/tensor-func.ts';
import { feeds } from '../../analysis/iters.ts';
import { type BlockSite, findBlock } from '../../analysis/nests.ts';
import { Schedule } from '../../schedule.ts';
import type { GpuLimits } from '../../target/target.ts';
import type { Step } from '../../trace.ts';
import { attempt } from '../inline.ts';
import { extentOf, loadsOf, strideAlong } from '../strides.ts';
import { copyTogether, type TileGroup } from './copy-together.ts';

/** Steps of a reduction between two copies: few enough for the workgroup's memory, enough to be worth the wait. */
const wantedSteps = 16;
const mostSteps = 64;

/**
 * The steps that keep what the tiles of a workgroup read of a product's operands in its memory, for some steps of the
 * reduction at a time: each element is then fetched once a workgroup, and not once a row or a column of its invocations.
 * There are none for an operand of which that is not legal, or that does not fit.
 *
 *   for it invocation.y { for jt invocation.x { for k in 32 { … a[i, k] * b[k, j] } } }
 *     →   for it invocation.y { for jt invocation.x { for kb in 2 {
 *           for y invocation.y { for x invocation.x { copy a[…, 16·kb …] } }
 *           for y invocation.y { for x invocation.x { copy b[16·kb …, …] } }
 *           for k in 16 { … a_workgroup[i, 16·kb + k] * b_workgroup[16·kb + k, j] } } } }
 */
export function sharingSteps(
  schedule: Schedule,
  reduction: string,
  group: TileGroup,
  isPreferred: boolean,
  { workgroupBytes }: GpuLimits,
): readonly Step[] {
  const shared = schedule.sample(
    `${reduction}.shared`,
    ['none', 'rows', 'columns', 'both'],
    isPreferred ? 'both' : 'none',
  );
  if (shared === 'none') return [];
  const site = findBlock(schedule.func, reduction);
  const lane = site.loops.at(-1)?.loopVar ?? '';
  const wanted = loadsOf(schedule.func, site).filter((load) => {
    const isAcross = strideAlong(load, lane) === 0;
    return shared === 'both' || isAcross === (shared === 'rows');
  });
  const trial = new Schedule(schedule.func);
  const loop = loopOfCopies(schedule, trial, site);
  if (loop === undefined) return [];
  let bytes = 0;
  for (const buffer of new Set(wanted.map(({ access }) => access.buffer))) {
    const one = new Schedule(trial.func);
    attempt(() => {
      const size = copyTogether(one, { block: reduction, buffer, loop }, group);
      if (bytes + size > workgroupBytes) return false;
      bytes += size;
      for (const step of one.trace) trial.apply(step);
      return true;
    });
  }
  return bytes === 0 ? [] : trial.trace;
}

/** Splits the innermost loop of a reduction that is no part of a step, and returns the loop under which the copies go. */
function loopOfCopies(schedule: Schedule, trial: Schedule, site: BlockSite): string | undefined {
  const reduce = site.loops.filter(({ loopVar }) => feeds(site.block, loopVar).has('reduce'));
  const serial = reduce.filter(({ loopKind }) => loopKind === 'serial');
  const [loop, outer] = [serial.at(-1)?.loopVar, serial.at(-2)?.loopVar];
  if (loop === undefined) return undefined;
  const extent = extentOf(site, loop);
  const step = product(site, reduce.slice(reduce.findIndex(({ loopVar }) => loopVar === loop) + 1));
  const counts = Array.from({ length: extent }, (_, i) => i + 1).filter(
    (count) => extent % count === 0 && count * step <= mostSteps && (count < extent || outer !== undefined),
  );
  if (counts.length === 0) return undefined;
  const distance = (count: number): number => Math.abs(Math.log((count * step) / wantedSteps));
  const nearest = counts.reduce((best, count) => (distance(count) < distance(best) ? count : best));
  const count = schedule.sample(`${site.block.name}.shared-steps`, counts, nearest);
  if (count === extent) return outer;
  const names = [`${loop}_block`, `${loop}_in`] as const;
  trial.apply({ primitive: 'split', loop, factors: [null, count], names });
  return names[0];
}

const product = (site: BlockSite, loops: readonly For[]): number =>
  loops.reduce((size, { loopVar }) => size * extentOf(site, loopVar), 1);
