import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { blockSites } from '../analysis/nests.ts';
import { Schedule } from '../schedule.ts';
import type { Trace } from '../trace.ts';
import { vectorizeBlock } from './elementwise.ts';
import { attempt, inlineElementwise } from './inline.ts';
import { isReduction } from './reduction-site.ts';
import { scheduleRows } from './row-reduction.ts';
import { tileReduction } from './tile-reduction.ts';

/** Schedules a function, or says that it is made for others; a step of it may turn out not to be legal. */
type Rule = (schedule: Schedule, constants: ReadonlySet<string>) => boolean;

/** The best first. The last fits every function: loops as they stand are right, and slow. */
const rules: readonly Rule[] = [tileOnlyReduction, scheduleReductions, vectorizeAll, () => true];

/**
 * A schedule in which every decision is made by a rule. `constants` are the inputs whose contents are known when the
 * model is compiled, so that packing them costs nothing at run time.
 */
export function defaultSchedule(
  func: TensorFunc,
  constants: ReadonlySet<string>,
): { readonly trace: Trace; readonly func: TensorFunc } {
  for (const rule of rules) {
    const schedule = new Schedule(func);
    if (attempt(() => rule(schedule, constants))) return { trace: schedule.trace, func: schedule.func };
  }
  throw new Error('internal error: no rule schedules the function');
}

function tileOnlyReduction(schedule: Schedule, constants: ReadonlySet<string>): boolean {
  inlineElementwise(schedule);
  const [reduction, ...others] = blockSites(schedule.func).filter(isReduction);
  return reduction !== undefined && others.length === 0 && tileReduction(schedule, reduction.block.name, constants);
}

function scheduleReductions(schedule: Schedule, constants: ReadonlySet<string>): boolean {
  inlineElementwise(schedule);
  if (!blockSites(schedule.func).some(isReduction)) return false;
  scheduleRows(schedule, constants);
  return true;
}

function vectorizeAll(schedule: Schedule): boolean {
  inlineElementwise(schedule);
  for (const { block } of blockSites(schedule.func)) vectorizeBlock(schedule, block.name);
  return true;
}
