import type { Interval } from '../ir/tensor/bounds.ts';
import { simplify, simplifyStmt, sizeRanges } from '../ir/tensor/simplify.ts';
import type { Stmt, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { mapList, update } from '../ir/tensor/visit.ts';
import { loopRanges } from './analysis/extents.ts';

/** Simplifies all expressions, but keeps every loop around blocks, those of one iteration too: steps name them. */
export const tidy = (func: TensorFunc): TensorFunc =>
  update(func, { body: tidyIn(func.body, new Map(sizeRanges(func))) });

/** Adds the loops to the ranges as it meets them: their names are unique, so that none has to be forgotten. */
function tidyIn(stmt: Stmt, ranges: Map<string, Interval>): Stmt {
  switch (stmt.kind) {
    case 'for': {
      const extent = simplify(stmt.extent, ranges);
      for (const [name, range] of loopRanges([update(stmt, { extent })])) ranges.set(name, range);
      return update(stmt, { extent, body: tidyIn(stmt.body, ranges) });
    }
    case 'seq':
      return update(stmt, { stmts: mapList(stmt.stmts, (child) => tidyIn(child, ranges)) });
    default:
      return simplifyStmt(stmt, ranges);
  }
}
