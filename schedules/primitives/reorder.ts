import type { For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds, requireReorderable } from '../analysis/carried.ts';
import { variablesIn } from '../analysis/extents.ts';
import { fail, findLoop, replaceLoop } from '../analysis/nests.ts';
import { listOf, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Puts loops of one chain into the given order, in the places that they take together; loops of the chain that are not
 * named stay where they are.
 *
 *   for i in 4 {                      for k in 16 {
 *     for j in 8 {                      for j in 8 {
 *       for k in 16 { block … }    →      for i in 4 { block … }
 *     }                                 }
 *   }                                 }
 *
 * by `reorder k, i`.
 */
export const reorder: Primitive<'reorder'> = {
  name: 'reorder',
  fields: { loops: listOf(text) },
  apply: (func, { loops }) => {
    const named = loops.map((name) => findLoop(func, name));
    if (new Set(loops).size !== loops.length) fail(func, `loops '${loops.join("', '")}'`, 'a loop is named twice');
    const outermost = named.toSorted((a, b) => a.outer.length - b.outer.length)[0];
    if (outermost === undefined || named.length < 2) return fail(func, 'reorder', 'needs at least two loops');
    const chain = chainFrom(func, outermost.loop, loops);
    const wanted = named.map(({ loop }) => loop).values();
    const order = chain.map((loop) => (loops.includes(loop.loopVar) ? (wanted.next().value ?? loop) : loop));
    requireExtents(func, order);
    requireReorderable(func, outermost.outer, chain, order);
    const inner = chain.at(-1)?.body ?? outermost.loop.body;
    const nest = order.reduceRight<Stmt>((body, loop) => update(loop, { body }), inner);
    return requireLoopKinds(update(func, { body: replaceLoop(func.body, outermost.loop.loopVar, () => nest) }));
  },
};

/** The loops from one down to the last of those named, each alone in the one before. */
function chainFrom(func: TensorFunc, from: For, names: readonly string[]): readonly For[] {
  const chain: For[] = [];
  const missing = new Set(names);
  for (let stmt: Stmt = from; missing.size > 0; stmt = stmt.body) {
    if (stmt.kind !== 'for')
      return fail(
        func,
        `loop '${[...missing][0]}'`,
        `it does not stand in a chain of loops from '${from.loopVar}' down`,
      );
    chain.push(stmt);
    missing.delete(stmt.loopVar);
  }
  return chain;
}

function requireExtents(func: TensorFunc, order: readonly For[]): void {
  const names = order.map((loop) => loop.loopVar);
  order.forEach((loop, i) => {
    const needed = names.slice(i).find((name) => variablesIn(loop.extent).has(name));
    if (needed !== undefined)
      fail(func, `loop '${loop.loopVar}'`, `its extent depends on '${needed}', which must stay outside`);
  });
}
