import { type Ranges } from '../../ir/tensor/bounds.ts';
import { int } from '../../ir/tensor/build.ts';
import { simplify, sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { substituteExpr } from '../../ir/tensor/visit.ts';
import { accessesOf, loadsIn, touchersOf, writersOf, writtenBy } from './accesses.ts';
import { bodyRanges, loopRanges, mergeRanges } from './extents.ts';
import { feeds, reduceIters } from './iters.ts';
import { type BlockSite, fail, findLoop, sitesUnder } from './nests.ts';
import { updateOf } from './reduction.ts';
import { separates } from './separation.ts';

/** A reduction block cut at one of its loops: all that the block computes under that loop, it computes once. */
export interface ReductionNest {
  readonly site: BlockSite;
  readonly init: Stmt;
  /** The loops outside of the cut. */
  readonly outer: readonly For[];
  /** Of the loops from the cut on, those that feed spatial variables, and those that feed reduce variables. */
  readonly spatial: readonly For[];
  readonly reduce: readonly For[];
  readonly ranges: Ranges;
}

/**
 * Checks that under the loop `from` the block makes complete reductions, each once, and that no other block there
 * touches what it writes: only then may its first and last instances be told apart from the others by loops.
 */
export function reductionNest(func: TensorFunc, site: BlockSite, from: string): ReductionNest {
  const { block, loops } = site;
  const refuse = (reason: string): never => fail(func, `block '${block.name}'`, reason);
  const at = loops.findIndex((loop) => loop.loopVar === from);
  if (at < 0)
    return refuse(`loop '${from}' is not around it; there are: ${loops.map((loop) => loop.loopVar).join(', ')}`);
  if (block.init === undefined || reduceIters(block).length === 0) return refuse('it is not a reduction with an init');
  const [outer, inner] = [loops.slice(0, at), loops.slice(at)];
  const carrying = outer.find((loop) => feeds(block, loop.loopVar).has('reduce'));
  if (carrying !== undefined) return refuse(`loop '${carrying.loopVar}' outside of '${from}' feeds its reduction`);
  const mixed = inner.find((loop) => feeds(block, loop.loopVar).size > 1);
  if (mixed !== undefined) return refuse(`loop '${mixed.loopVar}' feeds both spatial and reduce variables`);
  const of = (kind: 'spatial' | 'reduce') => inner.filter((loop) => feeds(block, loop.loopVar).has(kind));
  const ranges = mergeRanges(sizeRanges(func), loopRanges(loops), bodyRanges(block));
  const nest = { site, init: block.init, outer, spatial: of('spatial'), reduce: of('reduce'), ranges };
  requireOnce(func, nest, inner);
  requireAlone(func, site, from);
  return nest;
}

function requireOnce(func: TensorFunc, { site, outer, reduce, ranges }: ReductionNest, inner: readonly For[]): void {
  const { block } = site;
  const fixed = new Set([...func.sizes, ...outer.map((loop) => loop.loopVar)]);
  const values = [block.iters.map((iter) => iter.value)];
  for (const loop of inner) {
    const targets = reduce.includes(loop)
      ? [values]
      : [...writtenBy(site)].map((buffer) =>
          accessesOf(site)
            .filter((a) => a.buffer === buffer)
            .map((a) => a.indices),
        );
    for (const accesses of targets)
      if (!separates(loop.loopVar, { accesses, ranges, fixed }))
        fail(
          func,
          `block '${block.name}'`,
          `it is not known that loop '${loop.loopVar}' does not repeat the same elements`,
        );
  }
  if (!startsAtZero(block, reduce, ranges))
    fail(func, `block '${block.name}'`, 'its reduce variables do not start from 0');
}

const startsAtZero = (block: Block, reduce: readonly For[], ranges: Ranges): boolean =>
  reduceIters(block).every(({ value }) => {
    const first = simplify(substituteExpr(value, zeroed(reduce)), ranges);
    return first.kind === 'const' && Number(first.value) === 0;
  });

/**
 * Whether the instance that sets a result is the first one in any order of these loops, and the only one: so that
 * their order means nothing to the init.
 */
export function startsOnce(
  func: TensorFunc,
  { block, loops }: BlockSite,
  chain: readonly For[],
  outer: readonly For[],
): boolean {
  const ranges = mergeRanges(sizeRanges(func), loopRanges(loops));
  const fixed = new Set([...func.sizes, ...outer.map((loop) => loop.loopVar)]);
  const accesses = [block.iters.map((iter) => iter.value)];
  const reduce = loops.filter((loop) => feeds(block, loop.loopVar).has('reduce'));
  return (
    startsAtZero(block, reduce, ranges) && chain.every((loop) => separates(loop.loopVar, { accesses, ranges, fixed }))
  );
}

/** Throws where it means something in which order a block reduces, or that an instance of it runs more than once. */
export function requireAnyOrder(func: TensorFunc, site: BlockSite, buffer: string): void {
  const { block, loops } = site;
  const place = `block '${block.name}'`;
  if (reduceIters(block).length === 0) return;
  if (updateOf(block, buffer) === undefined)
    fail(func, place, `its reduction is not one update of '${buffer}', so its order must stay`);
  if (!startsOnce(func, site, loops, []))
    fail(func, place, `it is not known that its loops run each step of its reduction once`);
}

function requireAlone(func: TensorFunc, { block }: BlockSite, from: string): void {
  const others = sitesUnder(func, findLoop(func, from)).filter((site) => site.block !== block);
  for (const buffer of writtenBy({ block, loops: [] })) {
    const [other] = touchersOf(others, buffer);
    if (other !== undefined)
      fail(func, `block '${block.name}'`, `block '${other.block.name}' under loop '${from}' uses '${buffer}' as well`);
  }
  for (const buffer of block.init === undefined ? [] : loadsIn(block.init)) {
    const [writer] = writersOf(others, buffer);
    if (writer !== undefined)
      fail(
        func,
        `block '${block.name}'`,
        `its init reads '${buffer}', which block '${writer.block.name}' writes in the loop`,
      );
  }
}

/** The first iteration of loops. */
export const zeroed = (loops: readonly For[]): ReadonlyMap<string, Expr> =>
  new Map(loops.map((loop) => [loop.loopVar, int(0)]));

/** The predicate that a block has on the first instance of each reduction, in simplest form. */
export function firstPredicate({ site, reduce, ranges }: ReductionNest): Expr | undefined {
  const { predicate } = site.block;
  if (predicate === undefined) return undefined;
  const first = simplify(substituteExpr(predicate, zeroed(reduce)), ranges);
  return first.kind === 'const' && Number(first.value) !== 0 ? undefined : first;
}

/** A block without its init. */
export function withoutInit({ init, ...block }: Block): Block {
  void init;
  return block;
}

/** A block with this predicate in place of its own. */
export function withPredicate({ predicate: own, ...block }: Block, predicate: Expr | undefined): Block {
  void own;
  return predicate === undefined ? block : { ...block, predicate };
}
