import { add, extract, int } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapExprChildren } from '../../ir/tensor/visit.ts';

/** One lane of a vector, as a scalar expression. */
export function laneOf(expr: Expr, lane: number): Expr {
  if (lanesOf(expr) === 1) return expr;
  switch (expr.kind) {
    case 'var':
      return extract(expr, lane);
    case 'ramp':
      return lane === 0 ? expr.base : add(expr.base, int(lane));
    case 'broadcast':
      return expr.value;
    default:
      return mapExprChildren(expr, (child) => laneOf(child, lane));
  }
}
