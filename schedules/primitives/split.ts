import { proves } from '../../ir/tensor/bounds.ts';
import { add, and, floordiv, int, less, loop as makeLoop, mul, variable } from '../../ir/tensor/build.ts';
import { simplify, sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { substitute, update } from '../../ir/tensor/visit.ts';
import { constantExtent, loopRanges, mergeRanges } from '../analysis/extents.ts';
import { loopNames, namesIn } from '../analysis/names.ts';
import { fail, findLoop, mapBlocks, replaceLoop } from '../analysis/nests.ts';
import { listOf, nullable, optional, positive, text } from '../fields.ts';
import type { Primitive, StepArgs } from '../step.ts';

/**
 * Splits a loop into nested loops, one a factor; the first factor may be null. Where the factors' product is more than
 * the extent, the blocks run under a predicate. The new loops are called i_0, i_1, … unless `names` says otherwise.
 *
 *   for i in 10 {                           for i_0 in 3 {
 *     block B(vi: spatial(10) = i) {…}  →     for i_1 in 4 {
 *   }                                           block B(vi: spatial(10) = i_0 * 4 + i_1) where i_0 * 4 + i_1 < 10 {…}
 *                                             }
 *                                           }
 */
export const split: Primitive<'split'> = {
  name: 'split',
  fields: { loop: text, factors: listOf(nullable(positive)), names: optional(listOf(text)) },
  apply: (func, args) => {
    const { loop } = findLoop(func, args.loop);
    const place = `loop '${args.loop}'`;
    if (loop.loopKind !== 'serial') fail(func, place, `it is ${loop.loopKind}: split before that`);
    const extents = newExtents(func, loop, args);
    const wishes = extents.map((_, i) => `${args.loop}_${i}`);
    const names = loopNames(func, place, namesIn(func).variables, wishes, args.names);
    const position = positionOf(names, extents);
    const parts = names.map((name, i) => makeLoop(name, extents[i] ?? int(1), loop));
    const ranges = mergeRanges(sizeRanges(func), loopRanges(parts));
    const inside = less(position, loop.extent);
    const body = proves(inside, ranges) === true ? loop.body : guard(loop, inside);
    const inner = substitute(body, new Map([[args.loop, position]]));
    const nest = parts.reduceRight(
      (stmt, part, i) => update(part, { body: stmt, ...(i === 0 ? annotations(loop) : {}) }),
      inner,
    );
    return update(func, { body: replaceLoop(func.body, args.loop, () => nest) });
  },
};

const annotations = (loop: For) => (loop.annotations === undefined ? {} : { annotations: loop.annotations });

function newExtents(func: TensorFunc, loop: For, { factors }: StepArgs['split']): readonly Expr[] {
  const place = `loop '${loop.loopVar}'`;
  const [first, ...rest] = factors;
  if (first === undefined || rest.length === 0) return fail(func, place, 'a split needs at least two factors');
  if (rest.includes(null)) return fail(func, place, 'only the first factor may be null');
  const inner = rest.map(Number).reduce((product, factor) => product * factor, 1);
  const extent = constantExtent(loop);
  if (first !== null) {
    if (extent === undefined || first * inner < extent)
      return fail(
        func,
        place,
        `the factors ${factors.join(' * ')} do not reach the extent ${extent ?? 'of a symbolic loop'}`,
      );
    return factors.map((factor) => int(factor ?? 1));
  }
  const outer = floordiv(add(loop.extent, int(inner - 1)), int(inner));
  return [simplify(outer, sizeRanges(func)), ...rest.map((factor) => int(factor ?? 1))];
}

/** i_0 * (f1 * f2) + i_1 * f2 + i_2 */
function positionOf(names: readonly string[], extents: readonly Expr[]): Expr {
  const [first, ...rest] = names.map((name) => variable(name));
  return rest.reduce<Expr>((sum, name, i) => add(mul(sum, extents[i + 1] ?? int(1)), name), first ?? int(0));
}

const guard = (loop: For, inside: Expr) =>
  mapBlocks(loop.body, (block: Block) =>
    update(block, { predicate: block.predicate === undefined ? inside : and(block.predicate, inside) }),
  );
