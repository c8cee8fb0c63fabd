import { isStatic } from '../../ir/dim.ts';
import type { Ranges } from '../../ir/tensor/bounds.ts';
import { everything, type Interval } from '../../ir/tensor/interval.ts';
import type { Block, Expr, For, Stmt } from '../../ir/tensor/tensor-func.ts';
import { walk, walkExpr } from '../../ir/tensor/visit.ts';

export const constantExtent = (loop: For): number | undefined =>
  loop.extent.kind === 'const' ? Number(loop.extent.value) : undefined;

export const upTo = (extent: number | undefined): Interval => ({
  min: 0,
  max: extent === undefined ? Infinity : extent - 1,
});

/** The values of loop variables: extents that are not constant have no known end. */
export const loopRanges = (loops: readonly For[]): Ranges =>
  new Map(loops.map((loop) => [loop.loopVar, upTo(constantExtent(loop))]));

export const iterRanges = (block: Block): Ranges =>
  new Map(block.iters.map(({ name, extent }) => [name, upTo(isStatic(extent) ? extent : undefined)]));

/** The values of what a block's own statements bind: loops, and lets, of which nothing is known. */
export function bodyRanges(block: Block): Ranges {
  const ranges = new Map<string, Interval>();
  const enter = (stmt: Stmt): void => {
    if (stmt.kind === 'for') ranges.set(stmt.loopVar, upTo(constantExtent(stmt)));
    if (stmt.kind === 'let') ranges.set(stmt.name, everything);
  };
  walk(block, { stmt: enter });
  return ranges;
}

export const mergeRanges = (...all: readonly Ranges[]): Ranges => new Map(all.flatMap((ranges) => [...ranges]));

export function variablesIn(expr: Expr): ReadonlySet<string> {
  const names = new Set<string>();
  walkExpr(expr, (node) => {
    if (node.kind === 'var') names.add(node.name);
  });
  return names;
}

export function readsMemory(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'load') found = true;
  });
  return found;
}
