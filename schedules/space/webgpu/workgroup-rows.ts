import { isStatic } from '../../../ir/dim.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Buffer } from '../../../ir/tensor/tensor-func.ts';
import { elementCount } from '../../../ir/tensor-data.ts';
import { type BlockSite, blockSites, findBlock } from '../../analysis/nests.ts';
import type { Schedule } from '../../schedule.ts';
import type { GpuLimits } from '../../target/target.ts';
import { inlineElementwise } from '../inline.ts';
import { isReduction, loopsOf } from '../reduction-site.ts';
import { moveUnder, rowLoops } from '../row-reduction.ts';
import { extentOf } from '../strides.ts';

/** Rows of so many elements are worth that invocations wait for one another. */
const longRow = 256;
/** Of a row's partial results, each of the second level is made of so many. */
const branching = 8;

/**
 * Schedules a group that reduces rows (softmax, normalisations, pooling of whole images) by a workgroup a row: each
 * invocation takes every 64th element, so that neighbours are fetched together, and partial results are combined in the
 * workgroup's memory by a tree. Returns false where rows are short, or one of the steps is not legal.
 *
 *   for row workgroup.x { for t invocation.x { p[t] = Σ x[row, 64·k + t] }  for u invocation.x { q[u] = Σ p[8·u …] }
 *                         s = Σ q  for t invocation.x { y[row, 64·k + t] = x[row, 64·k + t] / s } }
 */
export function scheduleWorkgroupRows(schedule: Schedule, limits: GpuLimits): boolean {
  inlineElementwise(schedule);
  const sites = blockSites(schedule.func);
  const [last] = sites.slice(-1);
  const reductions = sites.filter(isReduction);
  if (last === undefined || reductions.length === 0) return false;
  const rows = rowLoops(schedule, last);
  const lengths = reductions.map((site) => extentOf(site, loopsOf(site, 'reduce').at(-1) ?? ''));
  if (rows.length === 0 || lengths.some((length) => length < 2 * limits.workgroupSize)) return false;
  const isLong = Math.min(...lengths) >= longRow;
  if (!schedule.sample(`${last.block.name}.workgroup-rows`, [false, true], isLong)) return false;
  const row = fuseRows(schedule, rows);
  moveUnder(schedule, last.block.name, row);
  for (const { block } of reductions) combine(schedule, block.name, limits);
  for (const site of blockSites(schedule.func)) share(schedule, site, row, limits.workgroupSize);
  const count = extentOf(findBlock(schedule.func, last.block.name), row);
  if (count > limits.workgroupsAlong) return false;
  keepInWorkgroup(schedule, count, limits);
  schedule.apply({ primitive: 'bind', loop: row, axis: 'workgroup.x' });
  return true;
}

function fuseRows(schedule: Schedule, rows: readonly string[]): string {
  const name = rows.join('_');
  if (rows.length > 1) schedule.apply({ primitive: 'fuse', loops: rows, name });
  return name;
}

/**
 * Has a reduction of a row made of partial results: one an invocation, then one of several of these, unless subgroups
 * reduce them.
 */
function combine(schedule: Schedule, reduction: string, { workgroupSize, subgroups }: GpuLimits): void {
  for (const count of [workgroupSize, ...(subgroups ? [] : [workgroupSize / branching])]) {
    const loop = loopsOf(findBlock(schedule.func, reduction), 'reduce').at(-1) ?? '';
    const [tile, lane] = [`${loop}_tile`, `${loop}_lane`] as const;
    schedule.apply({ primitive: 'split', loop, factors: [null, count], names: [tile, lane] });
    const before = new Set(blockSites(schedule.func).map(({ block }) => block.name));
    schedule.apply({ primitive: 'rfactor', loop: lane, axis: 0 });
    const partial = blockSites(schedule.func).find(({ block }) => !before.has(block.name));
    invariant(partial !== undefined, `rfactor of ${reduction} leaves partial results`);
    const { name } = partial.block;
    const steps = loopsOf(partial, 'reduce');
    schedule.apply({ primitive: 'reorder', loops: [lane, ...steps] });
    schedule.apply({ primitive: 'decompose-reduction', block: name, loop: steps[0] ?? tile });
    schedule.apply({ primitive: 'bind', loop: lane, axis: 'invocation.x' });
  }
}

/** Gives the elements that a block computes of a row to the invocations in turn. */
function share(schedule: Schedule, { block: { name } }: BlockSite, row: string, size: number): void {
  const { loops } = findBlock(schedule.func, name);
  const inside = loops.slice(loops.findIndex(({ loopVar }) => loopVar === row) + 1);
  const innermost = inside.at(-1);
  const isFree = inside.every(({ loopKind }) => loopKind === 'serial');
  if (innermost === undefined || !isFree || isReduction(findBlock(schedule.func, name))) return;
  const names = [`${innermost.loopVar}_step`, `${innermost.loopVar}_in`] as const;
  schedule.apply({ primitive: 'split', loop: innermost.loopVar, factors: [null, size], names });
  schedule.apply({ primitive: 'bind', loop: names[1], axis: 'invocation.x' });
}

/** Keeps what a row needs in the memory of its workgroup, as far as there is room: the smallest first. */
function keepInWorkgroup(schedule: Schedule, count: number, { workgroupBytes }: GpuLimits): void {
  const bytes = ({ shape }: Buffer): number => (shape.every(isStatic) ? (4 * elementCount(shape)) / count : Infinity);
  let room = workgroupBytes;
  for (const temp of schedule.func.temps.toSorted((a, b) => bytes(a) - bytes(b))) {
    if (bytes(temp) > room) return;
    schedule.apply({ primitive: 'set-scope', buffer: temp.name, scope: 'workgroup' });
    room -= bytes(temp);
  }
}
