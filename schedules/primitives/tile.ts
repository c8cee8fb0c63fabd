import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { loopNames, namesIn } from '../analysis/names.ts';
import { fail, findLoop } from '../analysis/nests.ts';
import { listOf, optional, positive, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { reorder } from './reorder.ts';
import { split } from './split.ts';

/**
 * Cuts the space of nested loops into tiles: splits each of them and puts the loops over tiles, in the order in which
 * they are named, outside of the loops inside of a tile. The new loops are `<loop>_0` and `<loop>_1` unless `names` says
 * otherwise.
 *
 *   for i in 8 {                for i_0 in 2 {
 *     for j in 32 { … }           for j_0 in 4 {
 *   }                       →       for i_1 in 4 {
 *                                     for j_1 in 8 { … }
 *                                   }
 *                                 }
 *                               }
 *
 * by `tile i, j [4, 8]`.
 */
export const tile: Primitive<'tile'> = {
  name: 'tile',
  fields: { loops: listOf(text), factors: listOf(positive), names: optional(listOf(text)) },
  apply: (func, { loops, factors, names }) => {
    const place = `loops ${loops.map((loop) => `'${loop}'`).join(', ')}`;
    if (loops.length < 2) return fail(func, 'tile', 'needs at least two loops');
    if (new Set(loops).size !== loops.length) return fail(func, place, 'a loop is named twice');
    if (factors.length !== loops.length)
      return fail(func, place, `${loops.length} factors are needed, ${factors.length} are given`);
    for (const loop of loops) findLoop(func, loop);
    const wishes = ['0', '1'].flatMap((level) => loops.map((loop) => `${loop}_${level}`));
    const order = loopNames(func, place, namesIn(func).variables, wishes, names);
    const halved = loops.reduce<TensorFunc>((result, loop, i) => {
      const parts = [order[i], order[loops.length + i]].filter((name) => name !== undefined);
      return split.apply(result, { loop, factors: [null, factors[i] ?? 1], names: parts });
    }, func);
    return reorder.apply(halved, { loops: order });
  },
};
