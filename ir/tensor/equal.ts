import type { Expr, Stmt, TensorFunc } from './tensor-func.ts';

/** Whether two nodes are equal in every field below them. 0 and -0 differ, NaN equals itself. */
export const structuralEquals = <T extends Expr | Stmt | TensorFunc>(a: T, b: T): boolean => equals(a, b);

function equals(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!(key in b) || !equals(a[key], b[key])) return false;
  return true;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
