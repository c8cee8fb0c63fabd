import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { blockSites } from '../analysis/nests.ts';
import { Schedule } from '../schedule.ts';
import type { Trace } from '../trace.ts';
import { vectorizeBlock } from './elementwise.ts';
import { inlineElementwise } from './inline.ts';
import { isReduction } from './reduction-site.ts';
import { scheduleRows } from './row-reduction.ts';
import { tileReduction } from './tile-reduction.ts';

/**
 * A schedule in which every decision is made by a rule. `constants` are the inputs whose contents are known when the
 * model is compiled, so that packing them costs nothing at run time.
 */
export function defaultSchedule(
  func: TensorFunc,
  constants: ReadonlySet<string>,
): { readonly trace: Trace; readonly func: TensorFunc } {
  const schedule = new Schedule(func);
  inlineElementwise(schedule);
  const reductions = blockSites(schedule.func).filter(isReduction);
  const [reduction] = reductions;
  const tiled =
    reduction !== undefined && reductions.length === 1 && tileReduction(schedule, reduction.block.name, constants);
  if (!tiled && reduction !== undefined) scheduleRows(schedule);
  if (reduction === undefined) for (const { block } of blockSites(schedule.func)) vectorizeBlock(schedule, block.name);
  return { trace: schedule.trace, func: schedule.func };
}
