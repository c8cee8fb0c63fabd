import { int, seq } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Buffer, For, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update, walk } from '../../ir/tensor/visit.ts';
import { accessesOf, readersOf, writersOf, writtenBy } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { runsForAll } from '../analysis/coverage.ts';
import { bodyRanges, loopRanges, mergeRanges } from '../analysis/extents.ts';
import { plainDims } from '../analysis/iters.ts';
import { limitSpan, limitsOf } from '../analysis/limits.ts';
import {
  type BlockSite,
  blockSites,
  fail,
  findBlock,
  findBuffer,
  findLoop,
  type LoopSite,
  nothing,
  replaceBlock,
  replaceLoop,
  sitesIn,
  sitesUnder,
} from '../analysis/nests.ts';
import { positionOf, requireSettledInputs } from '../analysis/order.ts';
import { storesOf } from '../analysis/reduction.ts';
import { requireAnyOrder } from '../analysis/reduction-nest.ts';
import { partOf, spanOf } from '../analysis/regions.ts';
import { type WrittenPart, writtenParts } from '../analysis/written-parts.ts';
import { listOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { nestOver, type Part, wholeOf } from './part-nest.ts';

/**
 * Moves the block that computes a temporary buffer under a loop of the blocks that read it. It gets new loops, one for
 * each of its iteration variables in their order, over what is read in one iteration of that loop (of a buffer of a
 * workgroup, what all its invocations read in one); they are called `<block>_<variable>` unless `names` says otherwise. The buffer keeps its shape. Blocks after the loop may read it too,
 * where its iterations compute all of it.
 *
 *   for a in 64 { block T(v: spatial(64) = a) { %T[v] = exp(%A[v]) } }
 *   for i in 16 {
 *     for j in 4 { block B(w: spatial(64) = i * 4 + j) { %B[w] = %T[w] + 1f32 } }
 *   }
 *     →
 *   for i in 16 {
 *     for T_v in 4 { block T(v: spatial(64) = i * 4 + T_v) { %T[v] = exp(%A[v]) } }
 *     for j in 4 { block B(w: spatial(64) = i * 4 + j) { %B[w] = %T[w] + 1f32 } }
 *   }
 */
export const computeAt: Primitive<'compute-at'> = {
  name: 'compute-at',
  fields: { block: text, loop: text, names: optional(listOf(text)) },
  apply: (func, args) => {
    const [producer, target] = [findBlock(func, args.block), findLoop(func, args.loop)];
    const { buffer, dims } = movable(func, producer);
    const consumers = consumersUnder(func, producer, buffer, target);
    const removed = update(func, { body: replaceBlock(func.body, args.block, () => nothing) });
    const parts = partsNeeded(func, producer, dims, consumers, target, buffer);
    const nest = nestOver(removed, args, producer.block, parts);
    const body = replaceLoop(removed.body, args.loop, (loop) =>
      update(loop, { body: insertBefore(loop.body, buffer.name, nest) }),
    );
    const moved = update(func, { body });
    requireSameForLater(func, moved, producer, target, buffer);
    return requireLoopKinds(moved);
  },
};

/** Checks that readers after the loop find there what they would have found before. */
function requireSameForLater(
  before: TensorFunc,
  after: TensorFunc,
  { block }: BlockSite,
  { loop, outer }: LoopSite,
  buffer: Buffer,
): void {
  const later = readersOf(blockSites(before), buffer.name).filter(
    (reader) => reader.block !== block && !reader.loops.some(({ loopVar }) => loopVar === loop.loopVar),
  );
  for (const reader of later) {
    const around = new Set(outer.filter((one) => reader.loops.includes(one)).map(({ loopVar }) => loopVar));
    const [was, is] = [before, after].map((func) => {
      const writer = findBlock(func, block.name);
      const fixed = writer.loops.filter(({ loopVar }) => around.has(loopVar));
      return writtenParts(func, writer, buffer, fixed)?.map(keyOf).join();
    });
    const why = `block '${reader.block.name}' reads '${buffer.name}' after loop '${loop.loopVar}'`;
    if (was === undefined || was !== is)
      fail(before, `block '${block.name}'`, `${why}, and it is not known that all of it is computed there`);
  }
}

const keyOf = (part: WrittenPart): string => (part === 'all' ? part : `${exprKey(part.min)} ${exprKey(part.extent)}`);

/** What a block must be to be computed at another place: the only one that writes one temp, at its plain variables. */
function movable(
  func: TensorFunc,
  site: BlockSite,
): { readonly buffer: Buffer; readonly dims: readonly (Iter | null)[] } {
  const { block } = site;
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const [name, ...more] = writtenBy(site);
  const buffer = name === undefined || more.length > 0 ? undefined : findBuffer(func, name);
  if (buffer === undefined || !func.temps.includes(buffer))
    return refuse('it does not write one temp and nothing else');
  const writers = writersOf(blockSites(func), buffer.name);
  if (writers.length > 1)
    return refuse(`'${buffer.name}' is written by ${writers.map((one) => `'${one.block.name}'`).join(', ')}`);
  const dims = storesOf(block).map((store) => plainDims(block, store, buffer));
  const [first] = dims;
  const same = dims.every((one) => one?.every((iter, d) => iter === first?.[d]));
  if (first === undefined || !same)
    return refuse(`its indices of '${buffer.name}' are not just its iteration variables`);
  const readsItself = accessesOf(site).some((access) => !access.write && access.buffer === buffer.name);
  if (readsItself && block.init === undefined) return refuse(`it reads '${buffer.name}' itself and has no init`);
  requireAnyOrder(func, site, buffer.name);
  if (!runsForAll(site)) return refuse('it does not run for all values of its iteration variables');
  return { buffer, dims: first };
}

function consumersUnder(func: TensorFunc, producer: BlockSite, buffer: Buffer, target: LoopSite): readonly BlockSite[] {
  const sites = blockSites(func);
  const place = `block '${producer.block.name}'`;
  const consumers = readersOf(sites, buffer.name).filter(({ block }) => block !== producer.block);
  const under = new Set(sitesUnder(func, target).map(({ block }) => block));
  const name = target.loop.loopVar;
  const inside = consumers.filter(({ block }) => under.has(block));
  const [firstInside] = inside;
  if (firstInside === undefined) return fail(func, place, `no block under loop '${name}' reads '${buffer.name}'`);
  const start = positionOf(sites, firstInside.block);
  const earlier = consumers.find(({ block }) => !under.has(block) && positionOf(sites, block) < start);
  if (earlier !== undefined)
    return fail(func, place, `block '${earlier.block.name}' reads '${buffer.name}' before loop '${name}'`);
  const reader = statementsOf(target.loop.body).find((stmt) => touches(stmt, buffer.name, producer.block));
  const first = reader === undefined ? undefined : sitesIn(func, reader, [])[0];
  // The block leaves its place for one before that statement, which may hold the place itself.
  const places = [producer.block, first?.block ?? producer.block].map((block) => positionOf(sites, block));
  requireSettledInputs(func, producer, Math.min(...places));
  return inside;
}

const statementsOf = (body: Stmt): readonly Stmt[] => (body.kind === 'seq' ? body.stmts : [body]);

/** Whether a block, other than the producer, loads from the buffer in a statement. */
function touches(stmt: Stmt, buffer: string, producer?: Block): boolean {
  let found = false;
  walk(stmt, {
    stmt: (node) => node !== producer,
    expr: (node) => {
      if (node.kind === 'load' && node.buffer === buffer) found = true;
    },
  });
  return found;
}

function insertBefore(body: Stmt, buffer: string, nest: Stmt): Stmt {
  const stmts = statementsOf(body);
  const at = stmts.findIndex((stmt) => touches(stmt, buffer));
  return seq([...stmts.slice(0, at), nest, ...stmts.slice(at)]);
}

function partsNeeded(
  func: TensorFunc,
  producer: BlockSite,
  dims: readonly (Iter | null)[],
  consumers: readonly BlockSite[],
  target: LoopSite,
  buffer: Buffer,
): readonly Part[] {
  // All invocations of a workgroup share its memory: there is what any of them reads.
  const isFree = ({ loopKind }: For): boolean => buffer.scope === 'workgroup' && loopKind.startsWith('invocation.');
  const around = [...target.outer, target.loop].filter((loop) => !isFree(loop));
  const fixed = new Set([...func.sizes, ...around.map((loop) => loop.loopVar)]);
  const ranges = mergeRanges(
    sizeRanges(func),
    ...consumers.flatMap(({ block, loops }) => [loopRanges(loops), bodyRanges(block)]),
  );
  const reads = consumers.flatMap(accessesOf).filter((access) => access.buffer === buffer.name);
  return producer.block.iters.map((iter): Part => {
    const dim = dims.indexOf(iter);
    if (dim < 0) return wholeOf(iter);
    const limits = limitsOf(reads, dim, fixed, ranges);
    const indices = reads.flatMap((read) => read.indices[dim] ?? []);
    const part = partOf(limitSpan(spanOf(indices, fixed, ranges), limits), iter.extent);
    if (part === undefined) return wholeOf(iter);
    return { iter, min: part.min, extent: int(part.extent), isWhole: false, limits };
  });
}
