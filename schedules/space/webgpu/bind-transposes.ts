import type { Stmt } from '../../../ir/tensor/tensor-func.ts';
import { constantExtent } from '../../analysis/extents.ts';
import { sitesIn } from '../../analysis/nests.ts';
import { Schedule } from '../../schedule.ts';
import type { GpuLimits } from '../../target/target.ts';
import { applyStep, type Step } from '../../trace.ts';
import { attempt } from '../inline.ts';
import { outerLoops } from '../parallelize.ts';
import { extentOf, loadsOf, type StridedAccess, storesOf, strideAlong } from '../strides.ts';
import { copyTogether } from './copy-together.ts';

/**
 * Gives a nest that writes along one loop and reads along another to workgroups of square tiles over both, so that what
 * its invocations touch together is whole lines of memory on both sides. What they read they leave to the cache or, where
 * that is decided, copy into their memory line by line. Not by default: on a driver in software, where it could be
 * measured, 1024 x 768 elements take 400 ms so, and 9 otherwise.
 *
 *   for i in 64 { for j in 48 { %y[i, j] = %x[j, i] } }
 *     →   for ig in 4 workgroup.y { for jg in 3 workgroup.x {
 *           for a invocation.y { for b invocation.x { %x_workgroup[…] = %x[…] } }
 *           for ii in 16 invocation.y { for jj in 16 invocation.x { %y[16·ig + ii, 16·jg + jj] = %x_workgroup[…] } } } }
 *
 * Returns false, and changes nothing, where the nest is no such.
 */
export function bindTransposes(schedule: Schedule, nest: Stmt, limits: GpuLimits): boolean {
  const [site, ...others] = sitesIn(schedule.func, nest, []);
  if (site === undefined || others.length > 0) return false;
  const { name } = site.block;
  const loops = outerLoops(nest, [site]).map(({ loopVar }) => loopVar);
  const columns = loops.at(-1);
  if (columns === undefined || site.loops.at(-1)?.loopVar !== columns || !site.loops.every(constantExtent))
    return false;
  const side = 2 ** Math.floor(Math.log2(limits.workgroupInvocations) / 2);
  const isLong = (loop: string): boolean => extentOf(site, loop) >= side;
  const isCrossed = (load: StridedAccess, loop: string): boolean =>
    strideAlong(load, loop) === 1 && ![0, 1].includes(strideAlong(load, columns) ?? 0);
  const loads = loadsOf(schedule.func, site);
  const rows = loops.find((loop) => loop !== columns && isLong(loop) && loads.some((load) => isCrossed(load, loop)));
  const isAlong = storesOf(schedule.func, site).every((store) => strideAlong(store, columns) === 1);
  if (rows === undefined || !isLong(columns) || !isAlong) return false;
  const [rowGroup, rowIn, group, inner] = [`${rows}_group`, `${rows}_in`, `${columns}_group`, `${columns}_in`];
  const outside = [...loops.filter((loop) => loop !== rows && loop !== columns), rowGroup];
  const outer = outside.join('_');
  const height =
    outside.slice(0, -1).reduce((size, loop) => size * extentOf(site, loop), 1) *
    Math.ceil(extentOf(site, rows) / side);
  if (Math.max(height, Math.ceil(extentOf(site, columns) / side)) > limits.workgroupsAlong) return false;
  const invocations: readonly Step[] = [
    { primitive: 'split', loop: rows, factors: [null, side], names: [rowGroup, rowIn] },
    { primitive: 'split', loop: columns, factors: [null, side], names: [group, inner] },
    { primitive: 'reorder', loops: [...outside, group, rowIn, inner] },
    ...(outside.length > 1 ? [{ primitive: 'fuse', loops: outside, name: outer } satisfies Step] : []),
    { primitive: 'bind', loop: rowIn, axis: 'invocation.y' },
    { primitive: 'bind', loop: inner, axis: 'invocation.x' },
  ];
  const workgroups: readonly Step[] = [
    { primitive: 'bind', loop: outer, axis: 'workgroup.y' },
    { primitive: 'bind', loop: group, axis: 'workgroup.x' },
  ];
  const apply = (steps: readonly Step[]): boolean =>
    attempt(() => {
      steps.reduce(applyStep, schedule.func);
      for (const step of steps) schedule.apply(step);
      return true;
    });
  if (!attempt(() => [...invocations, ...workgroups].reduce(applyStep, schedule.func))) return false;
  apply(invocations);
  const crossed = loads.find((load) => isCrossed(load, rows))?.access.buffer ?? '';
  const copies = schedule.sample(`${name}.shared`, [false, true], false)
    ? copySteps(schedule, { block: name, buffer: crossed, loop: group }, side, limits)
    : [];
  return apply([...copies, ...workgroups]) || apply(workgroups);
}

/** The steps that copy what a tile reads; none where that is not legal. */
function copySteps(
  schedule: Schedule,
  what: { readonly block: string; readonly buffer: string; readonly loop: string },
  side: number,
  { workgroupBytes }: GpuLimits,
): readonly Step[] {
  const trial = new Schedule(schedule.func);
  const isLegal = attempt(() => copyTogether(trial, what, { along: side, across: side }) <= workgroupBytes);
  return isLegal ? trial.trace : [];
}
