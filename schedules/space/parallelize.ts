import type { For, Stmt } from '../../ir/tensor/tensor-func.ts';
import { accessesOf } from '../analysis/accesses.ts';
import { constantExtent, variablesIn } from '../analysis/extents.ts';
import { type BlockSite, sitesIn, topNests } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import { applyStep, type Step } from '../trace.ts';
import type { ParallelAxis, SpaceContext } from './context.ts';
import { attempt } from './inline.ts';

/**
 * Lets threads share each nest of a scheduled function: one of its outer loops, whose iterations must be independent of
 * one another, goes to the outside and becomes parallel. A nest without such a loop is run by one thread.
 *
 *   for i in 4 { for j in 32 { S } }   →   for j in 32 parallel { for i in 4 { S } }
 */
export function parallelize(schedule: Schedule, context: SpaceContext): void {
  for (const nest of topNests(schedule.func)) {
    const sites = sitesIn(schedule.func, nest, []);
    const [loops, last] = [outerLoops(nest, sites), sites.at(-1)];
    if (last === undefined || isPacking(sites, context)) continue;
    const names = loops.map((loop) => loop.loopVar);
    const preferred = rank(loops, loopsAlong(last, context.parallel ?? 'auto')).find((name) =>
      attempt(() => stepsFor(names, name).reduce(applyStep, schedule.func)),
    );
    if (preferred === undefined) continue;
    const choice = schedule.sample(`${last.block.name}.parallel`, [...names, noLoop], preferred);
    if (choice === noLoop) continue;
    attempt(() => {
      for (const step of stepsFor(names, choice)) schedule.apply(step);
    });
  }
}

/** What stands for none of the loops. */
const noLoop = '';

/** A packing of constants is run when the model is compiled. */
export const isPacking = (sites: readonly BlockSite[], { constants }: SpaceContext): boolean =>
  sites.flatMap(accessesOf).every(({ write, buffer }) => write || constants.has(buffer));

/** The loops from the outermost of a nest down to where something else stands beside a loop, but those of reductions. */
export function outerLoops(nest: Stmt, sites: readonly BlockSite[]): readonly For[] {
  const reduced = new Set(
    sites.flatMap(({ block }) =>
      block.iters.filter((iter) => iter.kind === 'reduce').flatMap((iter) => [...variablesIn(iter.value)]),
    ),
  );
  const loops: For[] = [];
  for (
    let stmt = nest;
    stmt.kind === 'for' && stmt.loopKind === 'serial' && !reduced.has(stmt.loopVar);
    stmt = stmt.body
  )
    loops.push(stmt);
  return loops;
}

/** Brings a loop to the outside, the others staying in order, and makes it parallel. */
function stepsFor(names: readonly string[], loop: string): readonly Step[] {
  const others = names.slice(0, names.indexOf(loop));
  const toOutside: readonly Step[] = others.length === 0 ? [] : [{ primitive: 'reorder', loops: [loop, ...others] }];
  return [...toOutside, { primitive: 'parallel', loop }];
}

/** So many iterations are shared evenly enough by a few threads. */
export const enoughIterations = 8;

/** The loops that may be chosen, the best first: those asked for, then the outermost with enough iterations, then the longest. */
function rank(loops: readonly For[], wanted: ReadonlySet<string>): readonly string[] {
  const extent = (loop: For): number => constantExtent(loop) ?? 0;
  const score = (loop: For): number => (wanted.has(loop.loopVar) ? 1e9 : 0) + Math.min(extent(loop), enoughIterations);
  return loops
    .filter((loop) => extent(loop) > 1)
    .toSorted((a, b) => score(b) - score(a))
    .map((loop) => loop.loopVar);
}

/** The positions of the axes in a result of some rank: images are kept with channels last, matrices have rows of channels. */
const axisOf: Readonly<Record<Exclude<ParallelAxis, 'auto'>, (rank: number) => number | undefined>> = {
  batch: (rank) => (rank > 1 ? 0 : undefined),
  height: (rank) => (rank > 3 ? rank - 3 : undefined),
  width: (rank) => (rank > 2 ? rank - 2 : undefined),
  channel: (rank) => (rank > 0 ? rank - 1 : undefined),
};

/** The loops that move along an axis of what a block writes. */
function loopsAlong(site: BlockSite, axis: ParallelAxis): ReadonlySet<string> {
  if (axis === 'auto') return new Set();
  const written = accessesOf(site).filter((access) => access.write);
  return new Set(
    written.flatMap(({ indices }) => {
      const index = indices[axisOf[axis](indices.length) ?? indices.length];
      return index === undefined ? [] : [...variablesIn(index)];
    }),
  );
}
