import { writtenBy } from '../analysis/accesses.ts';
import { findBlock } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { SpaceContext } from './context.ts';
import { packOperand } from './pack.ts';
import { loopNames, writeBack } from './reduction-site.ts';
import { tileUpdate, tileWriteBack } from './register-tile.ts';
import { extentOf } from './strides.ts';
import { planTile, type TilePlan } from './tile-plan.ts';
import { bindTiles } from './webgpu/bind-nests.ts';
import { divideReduction, sampleParts } from './webgpu/divide-reduction.ts';

/**
 * Schedules a reduction whose results lie along its operands' memory: matrix products, convolutions (implicit GEMM with
 * channels last, or with width as columns with channels first), depthwise convolutions, windows, and reductions over
 * outer axes. A tile of results stays in registers while the reduction runs:
 *
 *   for n0, m0 { acc = 0; for k { for m1, n1 unrolled { acc[m1, n1] += a[m, k] * b[k, n] } }; store epilogue(acc) }
 *
 * Returns false where the results' innermost axis cannot be vectorized; some steps may have been made by then.
 */
export function tileReduction(schedule: Schedule, reduction: string, context: SpaceContext): boolean {
  const plan = planTile(schedule, reduction, context);
  if (plan === undefined) return false;
  for (const { access } of plan.packed) {
    const panels = { width: panelWidth(schedule, reduction, plan, context), steps: plan.steps, streams: plan.streams };
    packOperand(schedule, access, plan.reduceLoops, plan.columns, panels);
  }
  const { gpu } = context.target;
  const parts = gpu === undefined ? 1 : sampleParts(schedule, reduction, plan, gpu);
  if (gpu !== undefined && parts > 1) return divideReduction(schedule, reduction, plan, parts, gpu);
  const back = writeBack(schedule, reduction);
  if (back === undefined) return false;
  const outer = tileWriteBack(schedule, back, plan);
  const before = loopNames(schedule.func);
  const innermost = outer.at(-1);
  if (innermost !== undefined) schedule.apply({ primitive: 'compute-at', block: reduction, loop: innermost });
  const [buffer] = writtenBy(findBlock(schedule.func, reduction));
  if (buffer !== undefined) schedule.apply({ primitive: 'set-scope', buffer, scope: 'local' });
  tileUpdate(schedule, reduction, outer.length === 0 ? new Set() : before, plan);
  if (gpu !== undefined && plan.isProduct)
    bindTiles(schedule, { reduction, block: back.block, rows: outer.slice(0, -1), columns: outer.at(-1) ?? '' }, gpu);
  return true;
}

/** A panel is what a tile reads of an operand; on a GPU, where neighbours read together, all that they do. */
function panelWidth(
  schedule: Schedule,
  reduction: string,
  { tile, columns }: TilePlan,
  { target }: SpaceContext,
): number {
  const width = 4 * tile.vectors;
  if (target.gpu === undefined) return width;
  return Math.ceil(extentOf(findBlock(schedule.func, reduction), columns) / width) * width;
}
