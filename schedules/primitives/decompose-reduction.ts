import { seq, variable } from '../../ir/tensor/build.ts';
import type { Block, For, Stmt } from '../../ir/tensor/tensor-func.ts';
import { substitute, substituteExpr, update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { loopNames, type Names, namesIn, takeName } from '../analysis/names.ts';
import { findBlock, replaceBlock, replaceLoop } from '../analysis/nests.ts';
import {
  firstPredicate,
  type ReductionNest,
  reductionNest,
  withoutInit,
  withPredicate,
} from '../analysis/reduction-nest.ts';
import { listOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Takes the init of a reduction out, into a block `<block>_init` that runs before a loop. The spatial loops from that
 * loop on are made anew for it, as `<loop>_init` unless `names` says otherwise, each of the same kind.
 *
 *   for i in 8 {                             for i in 8 {
 *     for k in 16 {                            for j_init in 4 { block C_init(…) { %C[vi_init, vj_init] = 0f32 } }
 *       for j in 4 {                           for k in 16 {
 *         block C(…) {                           for j in 4 {
 *           init { %C[vi, vj] = 0f32 }   →         block C(…) { %C[vi, vj] = %C[vi, vj] + … }
 *           %C[vi, vj] = %C[vi, vj] + …          }
 *         }                                    }
 *       }                                    }
 *     }
 *   }
 *
 * by `decompose-reduction C k`.
 */
export const decomposeReduction: Primitive<'decompose-reduction'> = {
  name: 'decompose-reduction',
  fields: { block: text, loop: text, names: optional(listOf(text)) },
  apply: (func, { block, loop, names }) => {
    const nest = reductionNest(func, findBlock(func, block), loop);
    const used = namesIn(func);
    const wishes = nest.spatial.map(({ loopVar }) => `${loopVar}_init`);
    const newLoops = loopNames(func, `block '${block}'`, used.variables, wishes, names);
    const init = initNest(nest, used, newLoops);
    const updated = replaceBlock(func.body, block, withoutInit);
    return requireLoopKinds(update(func, { body: replaceLoop(updated, loop, (node) => seq([init, node])) }));
  },
};

function initNest(nest: ReductionNest, used: Names, names: readonly string[]): Stmt {
  const { block } = nest.site;
  const loopVars = new Map(nest.spatial.map(({ loopVar }, i) => [loopVar, variable(names[i] ?? loopVar)]));
  const spatial = block.iters.filter((iter) => iter.kind === 'spatial');
  const iters = spatial.map((iter) => ({
    ...iter,
    name: takeName(used.variables, `${iter.name}_init`),
    value: substituteExpr(iter.value, loopVars),
  }));
  const iterVars = new Map(spatial.map(({ name }, i) => [name, variable(iters[i]?.name ?? name)]));
  const first = firstPredicate(nest);
  const body = substitute(nest.init, iterVars);
  const init: Block = { kind: 'block', name: takeName(used.blocks, `${block.name}_init`), iters, body };
  const guarded = withPredicate(init, first && substituteExpr(first, loopVars));
  return nest.spatial.reduceRight<Stmt>((inner, loop, i) => copyLoop(loop, names[i] ?? '', inner), guarded);
}

/** A loop of the same extent, kind and annotations. */
export const copyLoop = (loop: For, loopVar: string, body: Stmt): For => ({ ...loop, loopVar, body });
