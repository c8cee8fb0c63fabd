import { dimEquals } from '../../ir/dim.ts';
import { seq } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import type { Buffer, For, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { loadsOf, readBy, storesIn, writersOf } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { requireMovable } from '../analysis/movable.ts';
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
  sitesUnder,
} from '../analysis/nests.ts';
import { positionOf, requireSettledInputs } from '../analysis/order.ts';
import { writtenParts } from '../analysis/written-parts.ts';
import { listOf, optional, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { nestOver, type Part, wholeOf } from './part-nest.ts';

/**
 * Moves a block that reads a buffer under a loop of the blocks that compute it, after them: in one iteration it runs
 * for the elements that the iteration has completed. It gets new loops, one for each of its iteration variables in
 * their order, called `<block>_<variable>` unless `names` says otherwise.
 *
 *   for i in 16 {
 *     for j in 4 { block T(v: spatial(64) = i * 4 + j) { %T[v] = exp(%A[v]) } }
 *   }
 *   for b in 64 { block B(w: spatial(64) = b) { %B[w] = %T[w] + 1f32 } }
 *     →
 *   for i in 16 {
 *     for j in 4 { block T(v: spatial(64) = i * 4 + j) { %T[v] = exp(%A[v]) } }
 *     for B_w in 4 { block B(w: spatial(64) = i * 4 + B_w) { %B[w] = %T[w] + 1f32 } }
 *   }
 */
export const reverseComputeAt: Primitive<'reverse-compute-at'> = {
  name: 'reverse-compute-at',
  fields: { block: text, loop: text, names: optional(listOf(text)) },
  apply: (func, args) => {
    const [consumer, target] = [findBlock(func, args.block), findLoop(func, args.loop)];
    if (consumer.loops.includes(target.loop))
      fail(func, `block '${args.block}'`, `it is under loop '${args.loop}' already`);
    requireMovable(func, consumer, [...target.outer, target.loop]);
    const place = placeAfterWriters(func, consumer, target);
    const parts = partsReady(func, consumer, target, place.position);
    const removed = update(func, { body: replaceBlock(func.body, args.block, () => nothing) });
    const nest = nestOver(removed, args, consumer.block, parts);
    const body = replaceLoop(removed.body, args.loop, (loop) => {
      const stmts = statementsOf(loop.body);
      return update(loop, { body: seq([...stmts.slice(0, place.statement), nest, ...stmts.slice(place.statement)]) });
    });
    return requireLoopKinds(update(func, { body }));
  },
};

const statementsOf = (body: Stmt): readonly Stmt[] => (body.kind === 'seq' ? body.stmts : [body]);

/** Where the block goes: after the last statement of the loop that writes what it reads. */
function placeAfterWriters(
  func: TensorFunc,
  { block }: BlockSite,
  target: LoopSite,
): { readonly statement: number; readonly position: number } {
  const name = target.loop.loopVar;
  const reads = readBy({ block, loops: [] });
  const statement = statementsOf(target.loop.body).findLastIndex((stmt) =>
    [...storesIn(stmt)].some((b) => reads.has(b)),
  );
  if (statement < 0) return fail(func, `block '${block.name}'`, `no block under loop '${name}' writes what it reads`);
  const sites = blockSites(func);
  const before = { ...target.loop, body: seq(statementsOf(target.loop.body).slice(0, statement + 1)) };
  const last = sitesUnder(func, { loop: before, outer: target.outer }).at(-1);
  const position = last === undefined ? 0 : positionOf(sites, last.block) + 1;
  if (positionOf(sites, block) < position)
    return fail(func, `block '${block.name}'`, `it stands before loop '${name}' has ended`);
  return { statement: statement + 1, position };
}

/** The part of each iteration variable for which all that is read is complete after an iteration of the loop. */
function partsReady(
  func: TensorFunc,
  consumer: BlockSite,
  { loop, outer }: LoopSite,
  position: number,
): readonly Part[] {
  const { block } = consumer;
  const around = [...outer, loop];
  requireSettledInputs(func, { block, loops: around }, position);
  const reads = [...readBy(consumer)].flatMap((name) => {
    const writers = writersOf(blockSites(func), name).filter(
      (writer) => writer.block !== block && writer.loops.some((one) => around.includes(one)),
    );
    return writers.flatMap((writer) => partsOf(func, consumer, writer, findBuffer(func, name), around));
  });
  const parts = new Map(reads.flatMap((read) => [...read]));
  const place = `loop '${loop.loopVar}'`;
  for (const [iter, part] of reads.flatMap((read) => [...read])) {
    const first = parts.get(iter);
    if (first !== undefined && keyOf(first) !== keyOf(part))
      fail(func, `block '${block.name}'`, `the parts of '${iter.name}' that its inputs have ready in ${place} differ`);
  }
  // One read meets every value of its variables in turn; what two reads need apart may never be ready together.
  if (reads.length > 0 && !reads.some((read) => read.size === parts.size)) {
    const names = [...parts.keys()].map(({ name }) => `'${name}'`).join(', ');
    fail(func, `block '${block.name}'`, `it is not known that ${place} leads through all values of ${names} together`);
  }
  return block.iters.map((iter) => parts.get(iter) ?? wholeOf(iter));
}

const keyOf = ({ min, extent }: Part): string => `${exprKey(min)}, ${exprKey(extent)}`;

/** For each read of a buffer, the parts of the iteration variables for which a writer has completed what is read. */
function partsOf(
  func: TensorFunc,
  { block }: BlockSite,
  writer: BlockSite,
  buffer: Buffer,
  around: readonly For[],
): readonly ReadonlyMap<Iter, Part>[] {
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const written = writtenParts(func, writer, buffer, around);
  if (written === undefined)
    return refuse(`it is not known which elements of '${buffer.name}' block '${writer.block.name}' completes there`);
  return loadsOf(block, buffer.name).map(({ indices }) => {
    const parts = new Map<Iter, Part>();
    written.forEach((part, dim) => {
      const [index, extent] = [indices[dim], buffer.shape[dim]];
      if (part === 'all' || index === undefined || extent === undefined) return;
      const iter = block.iters.find(({ name }) => index.kind === 'var' && index.name === name);
      if (iter?.kind !== 'spatial' || !dimEquals(iter.extent, extent) || parts.has(iter))
        return refuse(
          `index ${dim} of its read of '${buffer.name}' is not a spatial variable over all of that dimension, of which only a part is ready there`,
        );
      parts.set(iter, { iter, min: part.min, extent: part.extent, isWhole: false });
    });
    return parts;
  });
}
