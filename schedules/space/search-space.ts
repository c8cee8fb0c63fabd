import { invariant } from '../../ir/errors.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { blockSites } from '../analysis/nests.ts';
import { byRule, type Decide, sampleCategorical } from '../decision.ts';
import { Schedule } from '../schedule.ts';
import type { ConvCost } from '../target/conv-cost.ts';
import type { Trace } from '../trace.ts';
import type { SpaceContext } from './context.ts';
import { vectorizeBlock } from './elementwise.ts';
import { attempt, inlineElementwise } from './inline.ts';
import { parallelize } from './parallelize.ts';
import { isReduction } from './reduction-site.ts';
import { scheduleRows } from './row-reduction.ts';
import { tileReduction } from './tile-reduction.ts';
import { bindNests } from './webgpu/bind-nests.ts';
import { scheduleWorkgroupRows } from './webgpu/workgroup-rows.ts';
import { scheduleWinograd } from './winograd.ts';

/** An algorithm for a workload: a function that is named after it. */
export interface Definition {
  readonly name: string;
  readonly func: TensorFunc;
  /** Whether weights have to be prepared for it when the model is loaded. */
  readonly isPrepared?: boolean;
  /** What the target is taken to need for it, where definitions are chosen by that. */
  readonly cost?: ConvCost;
}

/** What is to be computed: by one of several algorithms, whose functions take the same operands and mean the same. */
export interface Workload {
  readonly definitions: readonly Definition[];
  /** The name of the definition that the rule of the target takes. */
  readonly preferred: string;
}

export interface Scheduled {
  readonly definition: Definition;
  readonly trace: Trace;
  readonly func: TensorFunc;
}

/** Schedules a function, or says that it is made for others; a step of it may turn out not to be legal. */
type Rule = (schedule: Schedule, context: SpaceContext) => boolean;

/** The best first. The last fits every function: loops as they stand are right, and slow. */
const rules: readonly Rule[] = [
  scheduleWinograd,
  tileOnlyReduction,
  scheduleLongRows,
  scheduleReductions,
  vectorizeAll,
  () => true,
];

/** Who runs the loops of a scheduled function: threads, or the workgroups and invocations of a GPU. */
const divide = (schedule: Schedule, context: SpaceContext): void =>
  context.target.gpu === undefined ? parallelize(schedule, context) : bindNests(schedule, context, context.target.gpu);

/**
 * A schedule of a workload's search space: the rules emit the trace, and ask for each decision that they leave open,
 * which definition of the workload it is to be for the first. By default the rule of the target decides, which gives the
 * default schedule.
 */
export function scheduleWorkload(workload: Workload, context: SpaceContext, decide: Decide = byRule): Scheduled {
  const choice = sampleCategorical(
    'definition',
    workload.definitions.map(({ name }) => name),
    workload.preferred,
    decide,
  );
  const definition = workload.definitions.find(({ name }) => name === choice.value);
  invariant(definition !== undefined, `there is a definition ${choice.value}`);
  for (const rule of rules) {
    const schedule = new Schedule(definition.func, decide);
    if (!attempt(() => rule(schedule, context))) continue;
    // Loops without blocks, about which nothing is known, are run by one thread.
    attempt(() => divide(schedule, context));
    return { definition, trace: [...choice.steps, ...schedule.trace], func: schedule.func };
  }
  throw new Error('internal error: no rule schedules the workload');
}

function tileOnlyReduction(schedule: Schedule, context: SpaceContext): boolean {
  inlineElementwise(schedule);
  const sites = blockSites(schedule.func);
  const [reduction, ...others] = sites.filter(isReduction);
  if (reduction === undefined || others.length > 0) return false;
  if (!tileReduction(schedule, reduction.block.name, context)) return false;
  // The tile took the reduction and the block that writes its results. Others, the border of a halo say, stand beside it.
  for (const { block } of sites) if (block !== reduction.block) vectorizeBlock(schedule, block.name);
  return true;
}

function scheduleLongRows(schedule: Schedule, { target: { gpu } }: SpaceContext): boolean {
  return gpu !== undefined && scheduleWorkgroupRows(schedule, gpu);
}

function scheduleReductions(schedule: Schedule, context: SpaceContext): boolean {
  inlineElementwise(schedule);
  if (!blockSites(schedule.func).some(isReduction)) return false;
  scheduleRows(schedule, context);
  return true;
}

function vectorizeAll(schedule: Schedule): boolean {
  inlineElementwise(schedule);
  for (const { block } of blockSites(schedule.func)) vectorizeBlock(schedule, block.name);
  return true;
}
