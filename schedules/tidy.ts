import type { Interval, Ranges } from '../ir/tensor/bounds.ts';
import { simplify, simplifyStmt, sizeRanges } from '../ir/tensor/simplify.ts';
import type { Block, For, Stmt, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { mapList, update } from '../ir/tensor/visit.ts';
import { constantExtent, upTo } from './analysis/extents.ts';

/** What was tidy before a step: blocks, and the ranges of the loops around them. */
interface Settled {
  readonly blocks: ReadonlySet<Block>;
  readonly loops: Ranges;
}

/**
 * Simplifies the expressions that a step has changed since `before`, but keeps every loop around blocks, those of one
 * iteration too: steps name them. A block that is the same object under loops of the same ranges is left as it is.
 */
export function tidy(func: TensorFunc, before: TensorFunc): TensorFunc {
  const [blocks, loops] = [new Set<Block>(), new Map<string, Interval>()];
  collect(before.body, blocks, loops);
  const body = tidyIn(func.body, new Map(sizeRanges(func)), { blocks, loops }, true);
  return update(func, { body });
}

function collect(stmt: Stmt, blocks: Set<Block>, loops: Map<string, Interval>): void {
  if (stmt.kind === 'block') blocks.add(stmt);
  if (stmt.kind === 'seq') for (const child of stmt.stmts) collect(child, blocks, loops);
  if (stmt.kind === 'for') {
    loops.set(stmt.loopVar, rangeOf(stmt));
    collect(stmt.body, blocks, loops);
  }
}

const rangeOf = (loop: For): Interval => upTo(constantExtent(loop));

/**
 * Adds the loops to the ranges as it meets them: their names are unique, so that none has to be forgotten. `same` tells
 * whether those around have the ranges that they had before.
 */
function tidyIn(stmt: Stmt, ranges: Map<string, Interval>, settled: Settled, same: boolean): Stmt {
  switch (stmt.kind) {
    case 'for': {
      const extent = simplify(stmt.extent, ranges);
      const range = rangeOf(update(stmt, { extent }));
      ranges.set(stmt.loopVar, range);
      const inside = same && settled.loops.get(stmt.loopVar)?.max === range.max;
      return update(stmt, { extent, body: tidyIn(stmt.body, ranges, settled, inside) });
    }
    case 'seq':
      return update(stmt, { stmts: mapList(stmt.stmts, (child) => tidyIn(child, ranges, settled, same)) });
    case 'block':
      return same && settled.blocks.has(stmt) ? stmt : simplifyStmt(stmt, ranges);
    default:
      return simplifyStmt(stmt, ranges);
  }
}
