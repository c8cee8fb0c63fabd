import { floordiv, floormod, loop as makeLoop, mul, variable } from '../../ir/tensor/build.ts';
import type { For, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { substitute, update } from '../../ir/tensor/visit.ts';
import { variablesIn } from '../analysis/extents.ts';
import { loopNames, namesIn } from '../analysis/names.ts';
import { fail, findLoop, replaceLoop } from '../analysis/nests.ts';
import { listOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Fuses loops that stand directly inside one another, the outermost named first, into one that is called `name`, or
 * the names of the loops joined by `_`.
 *
 *   for i in 4 {                          for i_j in 32 {
 *     for j in 8 {                  →       block B(vi: spatial(4) = floordiv(i_j, 8), vj: spatial(8) = floormod(i_j, 8)) {…}
 *       block B(vi = i, vj = j) {…}       }
 *     }
 *   }
 */
export const fuse: Primitive<'fuse'> = {
  name: 'fuse',
  fields: { loops: listOf(text), name: optional(text) },
  apply: (func, { loops, name }) => {
    const [first] = loops;
    if (first === undefined || loops.length < 2) return fail(func, 'fuse', 'needs at least two loops');
    const wish = loops.join('_');
    const used = namesIn(func).variables;
    for (const loop of loops) used.delete(findLoop(func, loop).loop.loopVar);
    const [fused] = loopNames(func, `loop '${first}'`, used, [wish], name === undefined ? undefined : [name]);
    return loops.slice(1).reduce<TensorFunc>((result, inner, i) => {
      const isLast = i === loops.length - 2;
      // Until the last pair, the fused loop keeps the name of the outermost.
      return fusePair(result, first, inner, isLast && fused !== undefined ? fused : first);
    }, func);
  },
};

function fusePair(func: TensorFunc, outerName: string, innerName: string, name: string): TensorFunc {
  const place = `loops '${outerName}', '${innerName}'`;
  const outer = findLoop(func, outerName).loop;
  const inner = findLoop(func, innerName).loop;
  if (outer.body !== inner) fail(func, place, `'${innerName}' does not stand directly inside of '${outerName}', alone`);
  if (variablesIn(inner.extent).has(outerName))
    fail(func, place, `the extent of '${innerName}' depends on '${outerName}'`);
  for (const { loopVar, loopKind } of [outer, inner])
    if (loopKind !== 'serial') fail(func, place, `'${loopVar}' is ${loopKind}: fuse before that`);
  const values = new Map([
    [outerName, floordiv(variable(name), inner.extent)],
    [innerName, floormod(variable(name), inner.extent)],
  ]);
  const fused = makeLoop(name, mul(outer.extent, inner.extent), substitute(inner.body, values));
  return update(func, { body: replaceLoop(func.body, outerName, () => withAnnotations(fused, outer, inner)) });
}

function withAnnotations(fused: For, ...from: readonly For[]): For {
  const annotations = Object.assign({}, ...from.map((loop) => loop.annotations));
  return Object.keys(annotations).length === 0 ? fused : { ...fused, annotations };
}
