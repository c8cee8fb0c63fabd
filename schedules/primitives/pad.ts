import { isStatic } from '../../ir/dim.ts';
import { and, constant, int, less, load, select, seq, variable } from '../../ir/tensor/build.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Block, Buffer, Expr, Iter, Load, Stmt, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewriteExpr, update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { constantExtent, variablesIn } from '../analysis/extents.ts';
import { namesIn, takeName } from '../analysis/names.ts';
import {
  aroundNest,
  type BlockSite,
  fail,
  findBlock,
  findLoop,
  replaceBlock,
  replaceLoop,
  sitesUnder,
} from '../analysis/nests.ts';
import { identityOf, singleStore, updateOf } from '../analysis/reduction.ts';
import { listOf, positive, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { cacheable } from './cache-write.ts';
import { fillNest } from './fill-nest.ts';
import { accessKey, type Longer, longerAt, longShape, type PaddedInputs, padInputs, zeroOf } from './pad-inputs.ts';

/**
 * Rounds the extents of a block's iteration variables up to multiples, so that tiles divide them. The block reads
 * copies of its inputs, made by a block `<buffer>_fill` with zeros where they are longer, and writes a longer buffer,
 * of which a block `<buffer>_crop` keeps what was asked for. What a reduction adds up beyond its extent leaves the
 * result as it is. The variables to be padded must each have a loop for themselves and be indices by themselves.
 *
 *   for i in 6 { for k in 5 { block C(vi: spatial(6) = i, vk: reduce(5) = k) { … %C[vi] = %C[vi] + %A[vi, vk] } } }
 *     → by `pad C [4, 1]`
 *   for A_fill_0 in 8 { for A_fill_1 in 5 {
 *     block A_fill(v0, v1) { %A_pad[v0, v1] = select(v0 < 6, %A[v0, v1], 0f32) }
 *   } }
 *   for i in 8 { for k in 5 { block C(vi: spatial(8) = i, vk: …) { … %C_pad[vi] = %C_pad[vi] + %A_pad[vi, vk] } } }
 *   for C_crop_0 in 6 { block C_crop(v0) { %C[v0] = %C_pad[v0] } }
 */
export const pad: Primitive<'pad'> = {
  name: 'pad',
  fields: { block: text, multiples: listOf(positive) },
  apply: (func, args) => {
    const site = findBlock(func, args.block);
    const longer = longerIters(func, site, args.multiples);
    if (longer.size === 0) return func;
    requireOwnLoops(func, site, longer);
    const output = outputOf(func, site, longer);
    const { fills, padded, temps } = padInputs(func, site, longer);
    const block = padBlock(func, site.block, longer, padded, output);
    const extended = [...longer].reduce<Stmt>(
      (body, [iter, extent]) => replaceLoop(body, loopOf(iter), (loop) => update(loop, { extent: int(extent) })),
      replaceBlock(func.body, args.block, () => block),
    );
    const after = output === undefined ? {} : { after: cropNest(func, args.block, output) };
    const result = update(func, { body: extended, temps: [...func.temps, ...temps, ...(output ? [output.long] : [])] });
    return requireLoopKinds(update(result, { body: aroundNest(result, args.block, { before: seq(fills), ...after }) }));
  },
};

function longerIters(func: TensorFunc, { block }: BlockSite, multiples: readonly number[]): Longer {
  const place = `block '${block.name}'`;
  if (multiples.length !== block.iters.length)
    fail(func, place, `${block.iters.length} multiples are needed, ${multiples.length} are given`);
  const longer = new Map<Iter, number>();
  block.iters.forEach((iter, i) => {
    const multiple = multiples[i] ?? 1;
    if (multiple === 1) return;
    if (!isStatic(iter.extent)) return fail(func, place, `the extent of '${iter.name}' is symbolic`);
    const extent = Math.ceil(iter.extent / multiple) * multiple;
    if (extent > iter.extent) longer.set(iter, extent);
  });
  return longer;
}

const loopOf = ({ value }: Iter): string => (value.kind === 'var' ? value.name : '');

function requireOwnLoops(func: TensorFunc, { block, loops }: BlockSite, longer: Longer): void {
  const place = `block '${block.name}'`;
  if (block.predicate !== undefined) fail(func, place, 'it has a predicate');
  for (const iter of longer.keys()) {
    const loop = loops.find(({ loopVar }) => loopVar === loopOf(iter));
    if (loop === undefined || constantExtent(loop) !== iter.extent)
      return fail(func, place, `'${iter.name}' is not one whole loop: pad before splits and fusions`);
    const others = sitesUnder(func, findLoop(func, loop.loopVar)).filter((site) => site.block !== block);
    if (others[0] !== undefined)
      fail(func, place, `loop '${loop.loopVar}' is also around block '${others[0].block.name}'`);
    const twin = block.iters.find((one) => one !== iter && variablesIn(one.value).has(loop.loopVar));
    if (twin !== undefined) fail(func, place, `loop '${loop.loopVar}' feeds '${twin.name}' as well`);
  }
}

interface Output {
  readonly short: Buffer;
  readonly long: Buffer;
}

/** The longer buffer that the block writes, or undefined where only reduce variables get longer. */
function outputOf(func: TensorFunc, site: BlockSite, longer: Longer): Output | undefined {
  const { block } = site;
  const store = singleStore(block.body);
  const init = block.init === undefined ? store : singleStore(block.init);
  if (store === undefined || init === undefined)
    return fail(func, `block '${block.name}'`, 'only a block that is a single store can be padded');
  if (![...longer.keys()].some((iter) => iter.kind === 'spatial')) return undefined;
  const short = cacheable(func, site);
  const shape = longShape(short, longerAt(func, block, store, longer), longer);
  return {
    short,
    long: { ...short, scope: 'global', name: takeName(namesIn(func).buffers, `${short.name}_pad`), shape },
  };
}

function padBlock(
  func: TensorFunc,
  block: Block,
  longer: Longer,
  padded: PaddedInputs['padded'],
  output: Output | undefined,
): Block {
  const iters = block.iters.map((iter) => update(iter, { extent: longer.get(iter) ?? iter.extent }));
  const redirectExpr = (expr: Expr): Expr =>
    rewriteExpr(expr, (node) => {
      if (node.kind !== 'load') return node;
      const target =
        node.buffer === output?.short.name
          ? output.long
          : padded.get(accessKey(node.buffer, longerAt(func, block, node, longer)));
      return target === undefined ? node : { ...node, buffer: target.name };
    });
  const redirectStore = (store: Store): Store => ({
    ...store,
    buffer: store.buffer === output?.short.name ? output.long.name : store.buffer,
    value: redirectExpr(store.value),
  });
  const body = redirectStore(neutralBeyond(func, block, longer));
  const init = singleStore(block.init);
  return { ...block, iters, body, ...(init === undefined ? {} : { init: redirectStore(init) }) };
}

/** The body of a block, where instances beyond the extent of a reduce variable leave the result as it is. */
function neutralBeyond(func: TensorFunc, block: Block, longer: Longer): Store {
  const store = singleStore(block.body);
  const reduced = [...longer.keys()].filter(({ kind }) => kind === 'reduce');
  const found = store && updateOf(block, store.buffer);
  if (store === undefined || (reduced.length > 0 && found === undefined))
    return fail(func, `block '${block.name}'`, 'its reduction is not one update of what it writes');
  const guards = reduced
    .filter((iter) => found !== undefined && !isNeutral(block, iter, found))
    .map(({ name, extent }) => less(variable(name), int(isStatic(extent) ? extent : 0)));
  if (found === undefined || guards.length === 0) return store;
  const { dtype } = store.value;
  const value = select(guards.reduce(and), found.value, constant(identityOf(found.op, dtype), dtype));
  const target: Load = { kind: 'load', dtype, buffer: store.buffer, indices: store.indices };
  return { ...store, value: { kind: 'binary', dtype, op: found.op, left: target, right: value } };
}

/** Whether the zeros beyond the extent of a variable make a sum's next value 0: all else needs a guard. */
function isNeutral(block: Block, { name }: Iter, { op, value }: NonNullable<ReturnType<typeof updateOf>>): boolean {
  const start = singleStore(block.init)?.value;
  // -0 + 0 is 0: only a sum that is never -0 stays as it is.
  if (op !== 'add' || start?.kind !== 'const' || Object.is(start.value, -0)) return false;
  const beyond = rewriteExpr(value, (node) =>
    node.kind === 'load' && node.indices.some((index) => index.kind === 'var' && index.name === name)
      ? zeroOf(node)
      : node,
  );
  const result = simplify(beyond);
  return result.kind === 'const' && Number(result.value) === 0;
}

function cropNest(func: TensorFunc, block: string, { short, long }: Output): Stmt {
  return fillNest(func, `block '${block}'`, {
    to: short,
    block: `${short.name}_crop`,
    names: undefined,
    value: (indices) => load(long, indices),
  });
}
