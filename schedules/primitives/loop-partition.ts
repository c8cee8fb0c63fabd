import { proves, type Ranges } from '../../ir/tensor/bounds.ts';
import { add, int, less, loop as makeLoop, seq, variable } from '../../ir/tensor/build.ts';
import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { substitute, update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { constantExtent, loopRanges, mergeRanges } from '../analysis/extents.ts';
import { reduceIters } from '../analysis/iters.ts';
import { copyRenamed, loopNames, namesIn } from '../analysis/names.ts';
import { fail, findLoop, mapBlocks, replaceLoop } from '../analysis/nests.ts';
import { withoutInit } from '../analysis/reduction-nest.ts';
import { listOf, optional, positive, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Runs a loop of constant extent as several, one after the other, each of which has a range of the iterations: the
 * first up to `at[0]`, the next from there. All but the first have copies of the body, whose names end in a number; an
 * init stays where a first instance of the reduction can be. The loops are called i_0, i_1, … unless `names` says
 * otherwise.
 *
 *   for k in 10 {                                   for k_0 in 8 {
 *     block S(vk: reduce(10) = k) {                   block S(vk: reduce(10) = k_0) { init { %S[0] = 0f32 } … %A[vk] }
 *       init { %S[0] = 0f32 }                       }
 *       %S[0] = %S[0] + %A[vk]                  →   for k_1 in 2 {
 *     }                                               block S_1(vk_1: reduce(10) = k_1 + 8) { … %A[vk_1] }
 *   }                                               }
 *
 * by `loop-partition k [8]`.
 */
export const loopPartition: Primitive<'loop-partition'> = {
  name: 'loop-partition',
  fields: { loop: text, at: listOf(positive), names: optional(listOf(text)) },
  apply: (func, { loop: name, at, names }) => {
    const { loop, outer } = findLoop(func, name);
    const bounds = boundsOfParts(func, loop, at);
    const used = namesIn(func);
    const wishes = bounds.map((_, i) => `${name}_${i}`);
    const vars = loopNames(func, `loop '${name}'`, used.variables, wishes, names);
    const ranges = mergeRanges(sizeRanges(func), loopRanges(outer));
    const parts = bounds.map(({ from, extent }, i) => {
      const body = i === 0 ? loop.body : copyRenamed(loop.body, used);
      return partOf(loop, { from, extent, loopVar: vars[i] ?? name, body }, ranges);
    });
    return requireLoopKinds(update(func, { body: replaceLoop(func.body, name, () => seq(parts)) }));
  },
};

interface Part {
  readonly from: number;
  readonly extent: number;
}

function boundsOfParts(func: TensorFunc, loop: For, at: readonly number[]): readonly Part[] {
  const refuse = (reason: string): never => fail(func, `loop '${loop.loopVar}'`, reason);
  const extent = constantExtent(loop);
  if (loop.loopKind !== 'serial') return refuse(`it is ${loop.loopKind}: partition before that`);
  if (extent === undefined) return refuse('its extent is not a constant');
  if (at.length === 0) return refuse('no place to partition it at is given');
  const ends = [...at, extent];
  return ends.map((end, i) => {
    const from = ends[i - 1] ?? 0;
    if (end <= from)
      return refuse(`the places ${at.join(', ')} do not rise from above 0 to below the extent ${extent}`);
    return { from, extent: end - from };
  });
}

function partOf(
  loop: For,
  { from, extent, loopVar, body }: Part & { readonly loopVar: string; readonly body: Stmt },
  ranges: Ranges,
): Stmt {
  const part = makeLoop(loopVar, int(extent), body);
  const position = from === 0 ? variable(loopVar) : add(variable(loopVar), int(from));
  const moved = substitute(body, new Map([[loop.loopVar, position]]));
  const inits = withoutLateInits(moved, mergeRanges(ranges, loopRanges([part])));
  return update(loop, { loopVar, extent: int(extent), body: inits });
}

/** Removes the inits that never run: a reduce variable of theirs is never 0. */
function withoutLateInits(body: Stmt, ranges: Ranges): Stmt {
  const inner = mergeRanges(ranges, loopRanges(loopsIn(body)));
  return mapBlocks(body, (block) => {
    const isLate = reduceIters(block).some(({ value }) => proves(less(int(0), value), inner) === true);
    return isLate ? withoutInit(block) : block;
  });
}

function loopsIn(body: Stmt): readonly For[] {
  switch (body.kind) {
    case 'for':
      return [body, ...loopsIn(body.body)];
    case 'seq':
      return body.stmts.flatMap(loopsIn);
    default:
      return [];
  }
}
