import { isStatic } from '../../../ir/dim.ts';
import { constantExtent } from '../../analysis/extents.ts';
import { findBlock, sitesIn, topNests } from '../../analysis/nests.ts';
import type { Schedule } from '../../schedule.ts';
import { sharesTiles } from '../../target/gpu-tile.ts';
import type { GpuLimits } from '../../target/target.ts';
import { applyStep, type Step } from '../../trace.ts';
import type { SpaceContext } from '../context.ts';
import { attempt } from '../inline.ts';
import { isPacking, outerLoops } from '../parallelize.ts';
import { extentOf } from '../strides.ts';
import { bindTransposes } from './bind-transposes.ts';
import { sharingSteps } from './share-tiles.ts';

/**
 * Gives each iteration of the outer loops of every nest, whose iterations must be independent of one another, to an
 * invocation: neighbours of the innermost of these loops are neighbours in a workgroup, so that what they touch together
 * is fetched together. A nest without such loops is run by a single invocation.
 *
 *   for i in 32 { for j in 8 { S } }   →   for w in 4 workgroup.x { for t in 64 invocation.x { S with i, j of 64·w + t } }
 */
export function bindNests(schedule: Schedule, context: SpaceContext, limits: GpuLimits): void {
  for (const nest of topNests(schedule.func)) {
    const sites = sitesIn(schedule.func, nest, []);
    if (!isPacking(sites, context) && bindTransposes(schedule, nest, limits)) continue;
    const loops = outerLoops(nest, sites).filter((loop) => constantExtent(loop) !== undefined);
    // Where all of them together depend on one another, some of the outermost may not.
    for (let count = loops.length; count > 0; count--) {
      const chosen = loops.slice(0, count);
      const total = chosen.reduce((product, loop) => product * (constantExtent(loop) ?? 1), 1);
      const steps = stepsFor(
        chosen.map(({ loopVar }) => loopVar),
        total,
        limits,
      );
      if (attempt(() => applyAll(schedule, steps))) break;
    }
  }
}

function stepsFor(names: readonly string[], total: number, limits: GpuLimits): readonly Step[] {
  const { fuse, name } = fusing(names);
  if (name === undefined) return [];
  // Few invocations in small workgroups are shared by more of the device.
  const size = total < limits.invocations ? limits.workgroupSize / 2 : limits.workgroupSize;
  if (total <= size) return [...fuse, { primitive: 'bind', loop: name, axis: 'invocation.x' }];
  const [group, line, inner] = [`${name}_group`, `${name}_line`, `${name}_in`];
  const isFlat = Math.ceil(total / size) <= limits.workgroupsAlong;
  const split: Step = isFlat
    ? { primitive: 'split', loop: name, factors: [null, size], names: [group, inner] }
    : { primitive: 'split', loop: name, factors: [null, limits.workgroupsAlong, size], names: [line, group, inner] };
  return [
    ...fuse,
    split,
    ...(isFlat ? [] : [{ primitive: 'bind', loop: line, axis: 'workgroup.y' } satisfies Step]),
    { primitive: 'bind', loop: group, axis: 'workgroup.x' },
    { primitive: 'bind', loop: inner, axis: 'invocation.x' },
  ];
}

/** The loops of a nest over the tiles of a product, outermost first: those over rows of tiles, and that over columns. */
export interface TileLoops {
  readonly reduction: string;
  /** The block that writes its results. */
  readonly block: string;
  readonly rows: readonly string[];
  readonly columns: string;
}

/**
 * Gives each tile of a product to an invocation, and rectangles of tiles to workgroups, which then share what they load
 * of both operands.
 *
 *   for i in 32 { for j in 64 { S } }
 *     →   for ig in 4 workgroup.y { for jg in 8 workgroup.x { for it in 8 invocation.y { for jt in 8 invocation.x { S } } } }
 */
export function bindTiles(
  schedule: Schedule,
  { reduction, block, rows, columns }: TileLoops,
  limits: GpuLimits,
): boolean {
  const site = findBlock(schedule.func, block);
  const height = rows.reduce((product, loop) => product * extentOf(site, loop), 1);
  const width = extentOf(site, columns);
  const { fuse, name } = fusing(rows);
  if (name === undefined || height === 1 || width === 1) return false;
  const total = height * width;
  const isShared = sharesTiles(total, reductionSteps(schedule, reduction), limits);
  const sizes = [32, 64, 128, 256].filter((size) => size <= limits.workgroupInvocations);
  const size = schedule.sample(`${block}.workgroup-size`, sizes, workgroupSizeFor(total, isShared, limits));
  const widths = Array.from({ length: Math.log2(size) + 1 }, (_, i) => 2 ** i);
  const across = schedule.sample(`${block}.workgroup-columns`, widths, squarest(height, width, size, widths));
  const along = size / across;
  if (Math.ceil(height / along) > limits.workgroupsAlong || Math.ceil(width / across) > limits.workgroupsAlong)
    return false;
  const parts = (loop: string): readonly [string, string] => [`${loop}_group`, `${loop}_in`];
  const [rowParts, columnParts] = [parts(name), parts(columns)];
  const invocations: readonly Step[] = [
    ...fuse,
    { primitive: 'split', loop: name, factors: [null, along], names: rowParts },
    { primitive: 'split', loop: columns, factors: [null, across], names: columnParts },
    { primitive: 'reorder', loops: [rowParts[0], columnParts[0], rowParts[1], columnParts[1]] },
    { primitive: 'bind', loop: rowParts[1], axis: 'invocation.y' },
    { primitive: 'bind', loop: columnParts[1], axis: 'invocation.x' },
  ];
  const workgroups: readonly Step[] = [
    { primitive: 'bind', loop: rowParts[0], axis: 'workgroup.y' },
    { primitive: 'bind', loop: columnParts[0], axis: 'workgroup.x' },
  ];
  if (!attempt(() => [...invocations, ...workgroups].reduce(applyStep, schedule.func))) return false;
  for (const step of invocations) schedule.apply(step);
  // Before workgroups: what each of them has for itself has to stand under them then.
  const sharing = sharingSteps(schedule, reduction, { along, across }, isShared, limits);
  if (!attempt(() => applyAll(schedule, [...sharing, ...workgroups]))) applyAll(schedule, workgroups);
  return true;
}

/** Steps of a reduction for each of its results. */
const reductionSteps = (schedule: Schedule, reduction: string): number =>
  findBlock(schedule.func, reduction)
    .block.iters.filter(({ kind }) => kind === 'reduce')
    .reduce((steps, { extent }) => steps * (isStatic(extent) ? extent : 1), 1);

/** Few invocations in small workgroups are shared by more of the device; what is shared in large ones is by more of them. */
function workgroupSizeFor(total: number, isShared: boolean, limits: GpuLimits): number {
  if (isShared) return limits.workgroupInvocations;
  return total < limits.invocations ? limits.workgroupSize / 2 : limits.workgroupSize;
}

/** Of the widths of a workgroup those that leave the fewest invocations without work, and of these the most square. */
function squarest(height: number, width: number, size: number, widths: readonly number[]): number {
  const whole = (count: number, step: number): number => Math.ceil(count / step) * step;
  const cost = (across: number): number => {
    const along = size / across;
    // Half of the edge that both operands are loaded along, as a part of the whole.
    return whole(height, along) * whole(width, across) * (1 + (across + along) / (8 * Math.sqrt(size)));
  };
  return widths.reduce((best, across) => (cost(across) < cost(best) ? across : best));
}

function fusing(names: readonly string[]): { readonly fuse: readonly Step[]; readonly name: string | undefined } {
  const all = names.join('_');
  return names.length > 1
    ? { fuse: [{ primitive: 'fuse', loops: names, name: all }], name: all }
    : { fuse: [], name: names[0] };
}

/** All of the steps or, where one is not legal, none of them. */
function applyAll(schedule: Schedule, steps: readonly Step[]): boolean {
  steps.reduce(applyStep, schedule.func);
  for (const step of steps) schedule.apply(step);
  return true;
}
