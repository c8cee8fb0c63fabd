import { type Linear, linearOf, shiftLinear, subtractLinear } from './linear.ts';
import type { Expr } from './tensor-func.ts';

/** A comparison of i32 as `form ≤ 0`; undefined for other expressions. */
export function inequality(expr: Expr): Linear | undefined {
  if (expr.kind !== 'binary' || expr.left.dtype !== 'i32') return undefined;
  const [left, right] = [linearOf(expr.left), linearOf(expr.right)];
  switch (expr.op) {
    case 'le':
      return subtractLinear(left, right);
    case 'lt':
      return shiftLinear(subtractLinear(left, right), 1);
    case 'ge':
      return subtractLinear(right, left);
    case 'gt':
      return shiftLinear(subtractLinear(right, left), 1);
    default:
      return undefined;
  }
}
