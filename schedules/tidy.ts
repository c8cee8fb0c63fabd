import type { Ranges } from '../ir/tensor/bounds.ts';
import { simplify, simplifyStmt, sizeRanges } from '../ir/tensor/simplify.ts';
import type { Stmt, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { mapList, update } from '../ir/tensor/visit.ts';
import { loopRanges, mergeRanges } from './analysis/extents.ts';

/** Simplifies all expressions, but keeps every loop around blocks, those of one iteration too: steps name them. */
export const tidy = (func: TensorFunc): TensorFunc => update(func, { body: tidyIn(func.body, sizeRanges(func)) });

function tidyIn(stmt: Stmt, ranges: Ranges): Stmt {
  switch (stmt.kind) {
    case 'for': {
      const extent = simplify(stmt.extent, ranges);
      const inside = mergeRanges(ranges, loopRanges([update(stmt, { extent })]));
      return update(stmt, { extent, body: tidyIn(stmt.body, inside) });
    }
    case 'seq':
      return update(stmt, { stmts: mapList(stmt.stmts, (child) => tidyIn(child, ranges)) });
    default:
      return simplifyStmt(stmt, ranges);
  }
}
