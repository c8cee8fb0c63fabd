import { ScheduleError } from '../../ir/errors.ts';
import { seq } from '../../ir/tensor/build.ts';
import type { Block, Buffer, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { readsMemory } from './extents.ts';

/** A block and the loops around it, outermost first. */
export interface BlockSite {
  readonly block: Block;
  readonly loops: readonly For[];
}

/** A loop and the loops around it, outermost first. */
export interface LoopSite {
  readonly loop: For;
  readonly outer: readonly For[];
}

export const fail = (func: TensorFunc, place: string, reason: string): never => {
  throw new ScheduleError(func.name, place, reason);
};

/** The blocks of a function in the order in which they run. Schedules know loops, sequences and blocks, and no more. */
export const blockSites = (func: TensorFunc): readonly BlockSite[] => sitesIn(func, func.body, []);

/** The blocks under a loop, each with all the loops around it, those around the loop too. */
export const sitesUnder = (func: TensorFunc, { loop, outer }: LoopSite): readonly BlockSite[] =>
  sitesIn(func, loop, outer);

/** The blocks in a statement, which stands in these loops. */
export function sitesIn(func: TensorFunc, stmt: Stmt, loops: readonly For[]): readonly BlockSite[] {
  switch (stmt.kind) {
    case 'block':
      if (blockHeads(stmt).some(readsMemory))
        return fail(func, `block '${stmt.name}'`, 'its variables or predicate read memory, so it cannot be scheduled');
      return [{ block: stmt, loops }];
    case 'for':
      if (readsMemory(stmt.extent))
        return fail(func, `loop '${stmt.loopVar}'`, 'its extent reads memory, so it cannot be scheduled');
      return sitesIn(func, stmt.body, [...loops, stmt]);
    case 'seq':
      return stmt.stmts.flatMap((child) => sitesIn(func, child, loops));
    default:
      return fail(func, `'${stmt.kind}'`, 'a function with statements outside of blocks cannot be scheduled');
  }
}

const blockHeads = ({ iters, predicate }: Block): readonly Expr[] => [
  ...iters.map((iter) => iter.value),
  ...(predicate === undefined ? [] : [predicate]),
];

export function loopSites(func: TensorFunc): readonly LoopSite[] {
  const sites = blockSites(func).flatMap(({ loops }) =>
    loops.map((loop, depth): LoopSite => ({ loop, outer: loops.slice(0, depth) })),
  );
  const first = new Map(sites.toReversed().map((site) => [site.loop.loopVar, site]));
  return sites.filter((site) => first.get(site.loop.loopVar) === site);
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

export function findLoop(func: TensorFunc, name: string): LoopSite {
  const sites = loopSites(func);
  const names = sites.map(({ loop }) => loop.loopVar);
  return (
    sites.find(({ loop }) => loop.loopVar === name) ??
    fail(func, `loop '${name}'`, `there is no such loop; there are: ${listed(names)}`)
  );
}

export function findBlock(func: TensorFunc, name: string): BlockSite {
  const sites = blockSites(func);
  const names = sites.map(({ block }) => block.name);
  return (
    sites.find(({ block }) => block.name === name) ??
    fail(func, `block '${name}'`, `there is no such block; there are: ${listed(names)}`)
  );
}

export const allBuffers = (func: TensorFunc): readonly Buffer[] => [...func.inputs, ...func.outputs, ...func.temps];

export function findBuffer(func: TensorFunc, name: string): Buffer {
  const buffers = allBuffers(func);
  const names = buffers.map((buffer) => buffer.name);
  return (
    buffers.find((buffer) => buffer.name === name) ??
    fail(func, `buffer '${name}'`, `there is no such buffer; there are: ${listed(names)}`)
  );
}

/** Rewrites the loops and blocks from the innermost out; `f` returns an empty sequence to remove one. */
export function mapNests(stmt: Stmt, f: (node: For | Block) => Stmt): Stmt {
  switch (stmt.kind) {
    case 'for': {
      const body = mapNests(stmt.body, f);
      return isEmpty(body) ? body : f(update(stmt, { body }));
    }
    case 'block':
      return f(stmt);
    case 'seq': {
      const stmts = stmt.stmts.map((child) => mapNests(child, f));
      return stmts.every((child, i) => child === stmt.stmts[i]) ? stmt : seq(stmts.filter((child) => !isEmpty(child)));
    }
    default:
      return stmt;
  }
}

const isEmpty = (stmt: Stmt): boolean => stmt.kind === 'seq' && stmt.stmts.length === 0;
export const nothing: Stmt = { kind: 'seq', stmts: [] };

export const mapBlocks = (stmt: Stmt, f: (block: Block) => Stmt): Stmt =>
  mapNests(stmt, (node) => (node.kind === 'block' ? f(node) : node));

export const replaceLoop = (stmt: Stmt, name: string, f: (loop: For) => Stmt): Stmt =>
  mapNests(stmt, (node) => (node.kind === 'for' && node.loopVar === name ? f(node) : node));

export const replaceBlock = (stmt: Stmt, name: string, f: (block: Block) => Stmt): Stmt =>
  mapBlocks(stmt, (block) => (block.name === name ? f(block) : block));

/** Puts statements before and after the top-level nest of a block. */
export function aroundNest(
  func: TensorFunc,
  block: string,
  place: { readonly before?: Stmt; readonly after?: Stmt },
): Stmt {
  const nests = topNests(func);
  const parts = nests.flatMap((nest) => {
    const here = sitesIn(func, nest, []).some((site) => site.block.name === block);
    return here ? [place.before, nest, place.after].filter((stmt) => stmt !== undefined) : [nest];
  });
  return seq(parts);
}

export const topNests = (func: TensorFunc): readonly Stmt[] =>
  func.body.kind === 'seq' ? func.body.stmts : [func.body];

/** The blocks in the same top-level nest as the one named, that one too. */
export function nestMates(func: TensorFunc, block: string): readonly BlockSite[] {
  const nests = topNests(func).map((nest) => sitesIn(func, nest, []));
  return nests.find((sites) => sites.some((site) => site.block.name === block)) ?? [];
}
