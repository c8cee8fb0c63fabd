import { int } from '../../ir/tensor/build.ts';
import type { Buffer, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewriteExpr, substituteExpr, update } from '../../ir/tensor/visit.ts';
import { loadsIn, loadsOf, readBy, readersOf, writersOf, writtenBy } from '../analysis/accesses.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { runsForAll } from '../analysis/coverage.ts';
import { plainDims, reduceIters } from '../analysis/iters.ts';
import { requireMovable } from '../analysis/movable.ts';
import { type BlockSite, blockSites, fail, findBlock, nothing, replaceBlock } from '../analysis/nests.ts';
import { positionOf, requireSettledInputs } from '../analysis/order.ts';
import { sameIndices, singleStore } from '../analysis/reduction.ts';
import { text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Lets the block that computes a temporary buffer go on to compute and store what another block makes of each element,
 * and removes that block and the buffer. Both are one store over spatial variables.
 *
 *   for i in 8 { block T(vi: spatial(8) = i) { %T[vi] = exp(%A[vi]) } }
 *   for j in 8 { block B(vj: spatial(8) = j) { %B[vj] = %T[vj] + 1f32 } }
 *     →
 *   for i in 8 { block T(vi: spatial(8) = i) { %B[vi] = exp(%A[vi]) + 1f32 } }
 */
export const reverseComputeInline: Primitive<'reverse-compute-inline'> = {
  name: 'reverse-compute-inline',
  fields: { block: text },
  apply: (func, args) => {
    const consumer = findBlock(func, args.block);
    const store = storeOf(func, consumer);
    const { producer, buffer, given } = producerOf(func, consumer);
    requireReady(func, consumer, producer, buffer);
    const dims = dimsOf(func, consumer, store, buffer);
    const values = new Map(
      consumer.block.iters.map(({ name }, i) => [name, given.indices[dims[i] ?? -1] ?? int(0)] as const),
    );
    const folded: Store = {
      ...store,
      indices: store.indices.map((index) => substituteExpr(index, values)),
      value: rewriteExpr(substituteExpr(store.value, values), (expr) =>
        expr.kind === 'load' && expr.buffer === buffer.name ? given.value : expr,
      ),
    };
    const removed = replaceBlock(func.body, args.block, () => nothing);
    const body = replaceBlock(removed, producer.block.name, (block) => update(block, { body: folded }));
    return requireLoopKinds(update(func, { body, temps: func.temps.filter((temp) => temp !== buffer) }));
  },
};

function storeOf(func: TensorFunc, { block }: BlockSite): Store {
  const store = singleStore(block.body);
  return store === undefined || block.init !== undefined || reduceIters(block).length > 0
    ? fail(func, `block '${block.name}'`, 'only a block that is a single store, without a reduction, can be inlined')
    : store;
}

interface Producer {
  readonly producer: BlockSite;
  readonly buffer: Buffer;
  /** What it stores, and where. */
  readonly given: Store;
}

/** The one block that computes a temp which only the consumer reads. */
function producerOf(func: TensorFunc, consumer: BlockSite): Producer {
  const refuse = (reason: string): never => fail(func, `block '${consumer.block.name}'`, reason);
  const sites = blockSites(func);
  const temps = func.temps.filter(({ name }) => readBy(consumer).has(name) && writersOf(sites, name).length > 0);
  const [buffer, ...others] = temps.filter(({ name }) =>
    readersOf(sites, name).every((site) => site.block === consumer.block || writtenBy(site).has(name)),
  );
  if (buffer === undefined) return refuse('it reads no temp that only it reads');
  if (others.length > 0)
    return refuse(`it reads the temps ${temps.map(({ name }) => `'${name}'`).join(', ')}, each of its own`);
  const writers = writersOf(sites, buffer.name);
  const [producer] = writers;
  if (producer === undefined || writers.length > 1)
    return refuse(`'${buffer.name}' is written by ${writers.map((one) => `'${one.block.name}'`).join(', ')}`);
  const place = `block '${producer.block.name}'`;
  const given = singleStore(producer.block.body);
  if (given === undefined || producer.block.init !== undefined || reduceIters(producer.block).length > 0)
    return fail(func, place, 'only a block that is a single store, without a reduction, can take up another');
  if (loadsIn(producer.block.body).has(buffer.name)) return fail(func, place, `it reads '${buffer.name}' itself`);
  if (plainDims(producer.block, given, buffer) === undefined || !runsForAll(producer))
    return fail(func, place, `it is not known to write every element of '${buffer.name}'`);
  return { producer, buffer, given };
}

/** Checks that the consumer may run where its producer does. */
function requireReady(func: TensorFunc, consumer: BlockSite, producer: BlockSite, buffer: Buffer): void {
  const refuse = (reason: string): never => fail(func, `block '${consumer.block.name}'`, reason);
  const sites = blockSites(func);
  const [from, to] = [positionOf(sites, producer.block), positionOf(sites, consumer.block)];
  if (to < from) refuse(`it stands before block '${producer.block.name}'`);
  requireMovable(func, consumer, producer.loops);
  requireSettledInputs(func, consumer, to);
  const others = sites.filter(({ block }) => block !== producer.block && block !== consumer.block);
  for (const name of readBy(consumer)) {
    if (name === buffer.name) continue;
    const writer = writersOf([...others, producer], name).find(
      (other) => positionOf(sites, other.block) >= from || other.loops.some((loop) => producer.loops.includes(loop)),
    );
    if (writer !== undefined)
      refuse(`it reads '${name}', which block '${writer.block.name}' is not known to have completed there`);
  }
}

/** For each iteration variable of the consumer, the dimension of the temp that it is the index of. */
function dimsOf(func: TensorFunc, { block }: BlockSite, store: Store, buffer: Buffer): readonly number[] {
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const [first, ...others] = loadsOf(store, buffer.name);
  const reads = first && plainDims(block, { ...store, indices: first.indices }, buffer);
  if (first === undefined || reads === undefined)
    return refuse(`its indices of '${buffer.name}' are not just its iteration variables`);
  if (others.some(({ indices }) => !sameIndices(indices, first.indices)))
    return refuse(`it reads more than one element of '${buffer.name}'`);
  return block.iters.map((iter) => reads.indexOf(iter));
}
