import type { Expr, Stmt, TensorFunc } from './tensor-func.ts';

/** Whether two nodes are equal in every field below them. 0 and -0 differ, NaN equals itself. */
export const structuralEquals = <T extends Expr | Stmt | TensorFunc>(a: T, b: T): boolean => equals(a, b);

function equals(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && equals(value, right.get(key)));
}
