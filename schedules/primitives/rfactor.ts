import { binary, constant, int, load, loop as makeLoop, seq, store, variable } from '../../ir/tensor/build.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Block, Buffer, For, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { substitute, substituteExpr, update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { constantExtent, variablesIn } from '../analysis/extents.ts';
import { conjuncts, feeds } from '../analysis/iters.ts';
import { loopNames, type Names, namesIn, takeName } from '../analysis/names.ts';
import { fail, findBuffer, findLoop, replaceBlock, replaceLoop, sitesUnder } from '../analysis/nests.ts';
import { identityOf, singleStore, type Update, updateOf } from '../analysis/reduction.ts';
import {
  firstPredicate,
  type ReductionNest,
  reductionNest,
  withPredicate,
  zeroed,
} from '../analysis/reduction-nest.ts';
import { integer, listOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { copyLoop } from './decompose-reduction.ts';

/**
 * Factors a loop out of a reduction: each of its iterations has a partial result of its own, in a temp `<buffer>_rf`
 * with the loop as a new dimension at `axis`, which a block `<block>_rf` computes in the loops that were there. The
 * loop is spatial then, and can be vectorized. The block itself reduces the partial results after the outermost reduce
 * loop, in new loops: `<loop>_final` for each spatial loop from there on and, innermost, for the factored one.
 *
 *   for i in 8 {
 *     for k_0 in 16 {
 *       for k_1 in 4 {
 *         block S(vi: spatial(8) = i, vk: reduce(64) = k_0 * 4 + k_1) {
 *           init { %S[vi] = 0f32 }
 *           %S[vi] = %S[vi] + %A[vi, vk]
 *         }
 *       }
 *     }
 *   }
 *     → by `rfactor k_1`, axis 1
 *   for i in 8 {
 *     for k_0 in 16 {
 *       for k_1 in 4 {
 *         block S_rf(vi: spatial(8) = i, v_k_1: spatial(4) = k_1, v_k_0: reduce(16) = k_0) {
 *           init { %S_rf[vi, v_k_1] = 0f32 }
 *           %S_rf[vi, v_k_1] = %S_rf[vi, v_k_1] + %A[vi, v_k_0 * 4 + v_k_1]
 *         }
 *       }
 *     }
 *     for k_1_final in 4 {
 *       block S(vi_final: spatial(8) = i, v_k_1_final: reduce(4) = k_1_final) {
 *         init { %S[vi_final] = 0f32 }
 *         %S[vi_final] = %S[vi_final] + %S_rf[vi_final, v_k_1_final]
 *       }
 *     }
 *   }
 */
export const rfactor: Primitive<'rfactor'> = {
  name: 'rfactor',
  fields: { loop: text, axis: integer, names: optional(listOf(text)) },
  apply: (func, { loop, axis, names }) => {
    const factoring = factorable(func, loop, axis);
    const { nest, outermost, partial } = factoring;
    const used = namesIn(func);
    const wishes = [...nest.spatial, factoring.loop].map(({ loopVar }) => `${loopVar}_final`);
    const newLoops = loopNames(func, `loop '${loop}'`, used.variables, wishes, names);
    const final = finalNest(factoring, used, newLoops);
    const rf = partialBlock(factoring, used);
    const replaced = replaceBlock(func.body, nest.site.block.name, () => rf);
    const body = replaceLoop(replaced, outermost.loopVar, (node) => seq([node, final]));
    return requireLoopKinds(update(func, { body, temps: [...func.temps, partial] }));
  },
};

interface Factoring {
  readonly nest: ReductionNest;
  readonly outermost: For;
  readonly loop: For;
  readonly extent: number;
  readonly axis: number;
  readonly update: Update;
  readonly target: Buffer;
  readonly partial: Buffer;
}

function factorable(func: TensorFunc, name: string, axis: number): Factoring {
  const refuse = (reason: string): never => fail(func, `loop '${name}'`, reason);
  const found = findLoop(func, name);
  const { loop } = found;
  const [site, ...others] = sitesUnder(func, found);
  if (site === undefined || others.length > 0) return refuse('there is more than one block under it');
  const { block, loops } = site;
  if (!feeds(block, name).has('reduce')) return refuse(`it feeds no reduction of block '${block.name}'`);
  const extent = constantExtent(loop) ?? refuse('its extent is not a constant');
  const outermost = loops.find(({ loopVar }) => feeds(block, loopVar).has('reduce')) ?? loop;
  const nest = reductionNest(func, site, outermost.loopVar);
  const store = singleStore(block.body);
  const reduction = store === undefined ? undefined : updateOf(block, store.buffer);
  if (reduction === undefined || singleStore(block.init)?.buffer !== reduction.store.buffer)
    return refuse(`block '${block.name}' is not a single update of the form 'x = x op value' with its init`);
  const target = findBuffer(func, reduction.store.buffer);
  if (axis < 0 || axis > target.shape.length) return refuse(`the axis ${axis} is not from 0 to ${target.shape.length}`);
  requireStarts(func, nest, loop);
  const buffers = namesIn(func).buffers;
  const shape = target.shape.toSpliced(axis, 0, extent);
  const partial: Buffer = { name: takeName(buffers, `${target.name}_rf`), dtype: target.dtype, shape, scope: 'global' };
  return { nest, outermost, loop, extent, axis, update: reduction, target, partial };
}

/** Each partial result must have a first instance, which sets it: where the other reduce loops are at 0. */
function requireStarts(func: TensorFunc, { site, reduce, ranges }: ReductionNest, loop: For): void {
  const zeros = zeroed(reduce.filter((one) => one !== loop));
  for (const part of conjuncts(site.block.predicate)) {
    const first = simplify(substituteExpr(part, zeros), ranges);
    if (variablesIn(first).has(loop.loopVar))
      fail(
        func,
        `loop '${loop.loopVar}'`,
        'not every one of its iterations runs for sure, so some partial results would not be set',
      );
  }
}

function partialBlock({ nest, loop, extent, axis, update: reduction, partial }: Factoring, used: Names): Block {
  const { block } = nest.site;
  const name = takeName(used.blocks, `${block.name}_rf`);
  const isFactored = (iter: Iter): boolean => iter.kind === 'reduce' && variablesIn(iter.value).has(loop.loopVar);
  const factored = block.iters.filter(isFactored);
  const parts = nest.reduce.filter((one) => factored.some((iter) => variablesIn(iter.value).has(one.loopVar)));
  const newIters = parts.map((one): Iter => {
    const size = constantExtent(one) ?? extent;
    const kind = one === loop ? 'spatial' : 'reduce';
    return { name: takeName(used.variables, `v_${one.loopVar}`), kind, extent: size, value: variable(one.loopVar) };
  });
  const asIters = new Map(parts.map(({ loopVar }, i) => [loopVar, variable(newIters[i]?.name ?? loopVar)]));
  const values = new Map(factored.map((iter) => [iter.name, substituteExpr(iter.value, asIters)]));
  const lane = asIters.get(loop.loopVar) ?? int(0);
  const indices = reduction.store.indices.toSpliced(axis, 0, lane);
  const value = substituteExpr(reduction.value, values);
  const kept = block.iters.filter((iter) => !isFactored(iter));
  return {
    ...block,
    name,
    iters: [...kept, ...newIters].sort((a, b) => Number(a.kind === 'reduce') - Number(b.kind === 'reduce')),
    init: store(partial, indices, constant(identityOf(reduction.op, partial.dtype), partial.dtype)),
    body: store(partial, indices, binary(reduction.op, load(partial, indices), value)),
  };
}

function finalNest(
  { nest, extent, axis, update: reduction, target, partial }: Factoring,
  used: Names,
  names: readonly string[],
): Stmt {
  const { block } = nest.site;
  const inner = names.at(-1) ?? '';
  const loopVars = new Map(nest.spatial.map(({ loopVar }, i) => [loopVar, variable(names[i] ?? loopVar)]));
  const spatial = block.iters.filter((iter) => iter.kind === 'spatial');
  const iters = spatial.map((iter): Iter => {
    const name = takeName(used.variables, `${iter.name}_final`);
    return { ...iter, name, value: substituteExpr(iter.value, loopVars) };
  });
  const reduced: Iter = {
    name: takeName(used.variables, `v_${inner}`),
    kind: 'reduce',
    extent,
    value: variable(inner),
  };
  const iterVars = new Map(spatial.map(({ name }, i) => [name, variable(iters[i]?.name ?? name)]));
  const indices = reduction.store.indices.map((index) => substituteExpr(index, iterVars));
  const value = load(partial, indices.toSpliced(axis, 0, variable(reduced.name)));
  const final: Block = {
    kind: 'block',
    name: block.name,
    iters: [...iters, reduced],
    init: substitute(nest.init, iterVars),
    body: store(target, indices, binary(reduction.op, load(target, indices), value)),
  };
  const first = firstPredicate(nest);
  const guarded = withPredicate(final, first && substituteExpr(first, loopVars));
  const reduceLoop = makeLoop(inner, int(extent), guarded);
  return nest.spatial.reduceRight<Stmt>((body, loop, i) => copyLoop(loop, names[i] ?? '', body), reduceLoop);
}
