import { assertNever } from '../../ir/errors.ts';
import { and, binary, int, seq } from '../../ir/tensor/build.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplifyFunc } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, substitute, update } from '../../ir/tensor/visit.ts';
import { mentions } from './linear-parts.ts';
import { copyStmt, type FreshName, freshNames } from './names.ts';

/**
 * Replaces blocks by their bodies: iteration variables by their values, predicates by `if`. An init that was not
 * decomposed goes before the outermost reduce loop where only this block stands in it, else behind a test.
 *
 *   for k in 8 { block C(vk: reduce(8) = k) { init { %C[0] = 0f32 } … } }   →   %C[0] = 0f32  for k in 8 { … }
 */
export function lowerBlocks(func: TensorFunc): TensorFunc {
  const fresh = freshNames(func);
  const body = lower(func.body, fresh);
  // Indices that a layout or a split divided come together again while the loops' ranges are known.
  return simplifyFunc(update(func, { body }));
}

function lower(stmt: Stmt, fresh: FreshName): Stmt {
  switch (stmt.kind) {
    case 'block':
      return lowerBlock(stmt, true);
    case 'for': {
      const chain = loneBlock(stmt);
      return chain === undefined ? descend(stmt, fresh) : lowerChain(chain, fresh);
    }
    case 'seq':
      return seq(stmt.stmts.map((child) => lower(child, fresh)));
    case 'if':
    case 'let':
      return descend(stmt, fresh);
    case 'store':
    case 'assign':
      return stmt;
    default:
      return assertNever(stmt);
  }
}

const descend = (stmt: Stmt, fresh: FreshName): Stmt =>
  mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => lower(child, fresh) });

interface Chain {
  readonly loops: readonly For[];
  readonly block: Block;
}

/** The block that stands alone in a nest of loops. */
function loneBlock(outermost: For): Chain | undefined {
  const loops: For[] = [];
  let stmt: Stmt = outermost;
  for (; stmt.kind === 'for'; stmt = stmt.body) loops.push(stmt);
  return stmt.kind === 'block' ? { loops, block: stmt } : undefined;
}

function lowerChain({ loops, block }: Chain, fresh: FreshName): Stmt {
  const body = lowerBlock(block, false);
  const nest = (around: readonly For[], inner: Stmt) =>
    around.reduceRight((child: Stmt, loop) => ({ ...loop, body: child }) satisfies For, inner);
  if (block.init === undefined) return nest(loops, body);
  const reduced = reduceLoops(block, loops);
  if (reduced === undefined) return nest(loops, lowerBlock(block, true));
  const first = loops.findIndex((loop) => reduced.has(loop.loopVar));
  if (first === -1) return nest(loops, lowerBlock(block, true));
  const inner = loops.slice(first).filter((loop) => !reduced.has(loop.loopVar));
  const starts = new Map([...reduced].map((name) => [name, int(0)]));
  const init = copyStmt(nest(inner, initOf(block)), fresh, starts);
  return nest(loops.slice(0, first), seq([init, nest(loops.slice(first), body)]));
}

/** The loops that drive only reduce variables, each of them 0 exactly where all these loops are at 0. */
function reduceLoops(block: Block, loops: readonly For[]): ReadonlySet<string> | undefined {
  const driven = new Set<string>();
  for (const { value } of block.iters.filter((iter) => iter.kind === 'reduce')) {
    const { constant, terms } = linearOf(value);
    for (const { atom, coefficient } of terms.values()) {
      if (constant !== 0 || coefficient < 0 || atom.kind !== 'var') return undefined;
      driven.add(atom.name);
    }
  }
  const known = new Set(loops.map((loop) => loop.loopVar));
  if ([...driven].some((name) => !known.has(name))) return undefined;
  const spatial = block.iters.filter((iter) => iter.kind === 'spatial');
  const shared = spatial.some(({ value }) =>
    [...linearOf(value).terms.values()].some(({ atom }) => mentions(atom, (name) => driven.has(name))),
  );
  return shared ? undefined : driven;
}

const valuesOf = (block: Block): ReadonlyMap<string, Expr> =>
  new Map(block.iters.map(({ name, value }) => [name, value]));

const guard = (block: Block, stmt: Stmt): Stmt =>
  block.predicate === undefined ? stmt : { kind: 'if', cond: block.predicate, then: stmt };

const initOf = (block: Block): Stmt =>
  guard(block, block.init === undefined ? seq([]) : substitute(block.init, valuesOf(block)));

function lowerBlock(block: Block, withInit: boolean): Stmt {
  const body = substitute(block.body, valuesOf(block));
  if (block.init === undefined || !withInit) return guard(block, body);
  const init = substitute(block.init, valuesOf(block));
  const zeros = block.iters.filter((iter) => iter.kind === 'reduce').map((iter) => binary('eq', iter.value, int(0)));
  const first: Stmt = zeros.length === 0 ? init : { kind: 'if', cond: zeros.reduce(and), then: init };
  return guard(block, seq([first, body]));
}
