import { constantExtent } from '../analysis/extents.ts';
import { sitesIn, topNests } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { GpuLimits } from '../target/target.ts';
import { applyStep, type Step } from '../trace.ts';
import { attempt } from './inline.ts';
import { outerLoops } from './parallelize.ts';

/**
 * Gives each iteration of the outer loops of every nest, whose iterations must be independent of one another, to an
 * invocation: neighbours of the innermost of these loops are neighbours in a workgroup, so that what they touch together
 * is fetched together. A nest without such loops is run by a single invocation.
 *
 *   for i in 32 { for j in 8 { S } }   →   for w in 4 workgroup.x { for t in 64 invocation.x { S with i, j of 64·w + t } }
 */
export function bindNests(schedule: Schedule, limits: GpuLimits): void {
  for (const nest of topNests(schedule.func)) {
    const loops = outerLoops(nest, sitesIn(schedule.func, nest, [])).filter(
      (loop) => constantExtent(loop) !== undefined,
    );
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

function stepsFor(
  names: readonly string[],
  total: number,
  { workgroupSize, workgroupsAlong }: GpuLimits,
): readonly Step[] {
  const [first] = names;
  if (first === undefined) return [];
  const all = names.join('_');
  const fuse: readonly Step[] = names.length === 1 ? [] : [{ primitive: 'fuse', loops: names, name: all }];
  if (total <= workgroupSize) return [...fuse, { primitive: 'bind', loop: all, axis: 'invocation.x' }];
  const [group, line, inner] = [`${all}_group`, `${all}_line`, `${all}_in`];
  const groups = Math.ceil(total / workgroupSize);
  const isFlat = groups <= workgroupsAlong;
  const split: Step = isFlat
    ? { primitive: 'split', loop: all, factors: [null, workgroupSize], names: [group, inner] }
    : { primitive: 'split', loop: all, factors: [null, workgroupsAlong, workgroupSize], names: [line, group, inner] };
  return [
    ...fuse,
    split,
    ...(isFlat ? [] : [{ primitive: 'bind', loop: line, axis: 'workgroup.y' } satisfies Step]),
    { primitive: 'bind', loop: group, axis: 'workgroup.x' },
    { primitive: 'bind', loop: inner, axis: 'invocation.x' },
  ];
}

/** All of the steps or, where one is not legal, none of them. */
function applyAll(schedule: Schedule, steps: readonly Step[]): boolean {
  steps.reduce(applyStep, schedule.func);
  for (const step of steps) schedule.apply(step);
  return true;
}
