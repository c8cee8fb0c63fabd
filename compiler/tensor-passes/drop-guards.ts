import { isStatic } from '../../ir/dim.ts';
import { boundsOf } from '../../ir/tensor/bounds.ts';
import { and } from '../../ir/tensor/build.ts';
import type { Block, Expr, Iter, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, update, walk, walkExpr } from '../../ir/tensor/visit.ts';
import { collectAccesses, loopRange } from './accesses.ts';
import { conjuncts } from './guards.ts';

/**
 * Computes what lies beyond the edge of a tile in registers like all else, where loads out of bounds are safe: nothing
 * reads those results, since whatever stores a result is guarded itself. What says which steps of a reduction there are
 * stays, also where a step would be repeated, and so do guards that keep a buffer's own bounds.
 *
 *   block C(vi = i, vk: reduce(29) = k) where i < 7 && k < 29 { %acc[vi] = … }   →   … where k < 29 { … }    with acc local
 */
export function dropGuards(func: TensorFunc): TensorFunc {
  const local = new Map(func.temps.filter(({ scope }) => scope === 'local').map((temp) => [temp.name, temp]));
  const inBounds = new Map<string, boolean>();
  for (const { buffer, indices, loops } of collectAccesses(func.body)) {
    const shape = local.get(buffer)?.shape;
    const ranges = new Map(loops.map(({ loopVar, extent }) => [loopVar, loopRange(extent)]));
    const fits = indices.every((index, dim) => {
      const [{ min, max }, extent] = [boundsOf(index, ranges), shape?.[dim]];
      return extent !== undefined && isStatic(extent) && min >= 0 && max < extent;
    });
    inBounds.set(buffer, fits && inBounds.get(buffer) !== false);
  }
  const free = new Set([...local.keys()].filter((name) => inBounds.get(name) === true));
  const visit = (block: Block): Block => {
    const { predicate, ...rest } = block;
    if (predicate === undefined || !writesOnly(block, free)) return block;
    const [placing, reduced] = [iterVariables(block, 'spatial'), iterVariables(block, 'reduce')];
    const isOfPlaces = (part: Expr): boolean =>
      [...variablesOf([part])].every((name) => placing.has(name) && !reduced.has(name));
    const kept = conjuncts(predicate).filter((part) => !isOfPlaces(part));
    return kept.length === 0 ? rest : update(block, { predicate: kept.reduce(and) });
  };
  return update(func, { body: rewrite(func.body, { stmt: (stmt) => (stmt.kind === 'block' ? visit(stmt) : stmt) }) });
}

const iterVariables = ({ iters }: Block, wanted: Iter['kind']): ReadonlySet<string> =>
  variablesOf(iters.filter(({ kind }) => kind === wanted).map(({ value }) => value));

function variablesOf(exprs: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expr of exprs)
    walkExpr(expr, (node) => {
      if (node.kind === 'var') names.add(node.name);
    });
  return names;
}

function writesOnly(block: Block, buffers: ReadonlySet<string>): boolean {
  let all = true;
  walk(block.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'store') all &&= buffers.has(stmt.buffer);
    },
  });
  return all;
}
