import { assertNever } from '../../ir/errors.ts';
import { quote } from '../../ir/tensor/expr-key.ts';
import type { Expr, Stmt } from '../../ir/tensor/tensor-func.ts';
import { mapExprChildren } from '../../ir/tensor/visit.ts';

/** The number of each expression of a statement: equal numbers, equal values. */
export type Numbering = ReadonlyMap<Expr, number>;

/**
 * Numbers the values that a run of stores and assignments computes (local value numbering, after Cocke): a variable or
 * buffer gets a new version where it is written, so that what is read before and after has different numbers.
 */
export function numberValues(run: readonly Stmt[]): readonly Numbering[] {
  const numbers = new Map<string, number>();
  const versions = new Map<string, number>();
  return run.map((stmt) => {
    const numbering = new Map<Expr, number>();
    for (const expr of exprsOf(stmt)) numberExpr(expr, numbering, numbers, versions);
    const written = stmt.kind === 'store' ? `%${stmt.buffer}` : stmt.kind === 'assign' ? stmt.name : undefined;
    if (written !== undefined) versions.set(written, (versions.get(written) ?? 0) + 1);
    return numbering;
  });
}

/** What a store or an assignment evaluates, in order. */
export function exprsOf(stmt: Stmt): readonly Expr[] {
  if (stmt.kind === 'store') return [...stmt.indices, stmt.value];
  return stmt.kind === 'assign' ? [stmt.value] : [];
}

function numberExpr(
  expr: Expr,
  numbering: Map<Expr, number>,
  numbers: Map<string, number>,
  versions: ReadonlyMap<string, number>,
): number {
  const known = numbering.get(expr);
  if (known !== undefined) return known;
  let key = headOf(expr, versions);
  mapExprChildren(expr, (child) => {
    key += `,${numberExpr(child, numbering, numbers, versions)}`;
    return child;
  });
  const number = numbers.get(key) ?? numbers.size;
  numbers.set(key, number);
  numbering.set(expr, number);
  return number;
}

function headOf(expr: Expr, versions: ReadonlyMap<string, number>): string {
  switch (expr.kind) {
    case 'const':
      return `${expr.dtype} ${Object.is(expr.value, -0) ? '-0' : expr.value}`;
    case 'var':
      return `${quote(expr.name)} ${versions.get(expr.name) ?? 0}`;
    case 'load':
      return `%${quote(expr.buffer)} ${versions.get(`%${expr.buffer}`) ?? 0}`;
    case 'unary':
    case 'binary':
      return `${expr.op} ${expr.dtype}`;
    case 'cast':
    case 'bitcast':
      return `${expr.kind} ${expr.dtype}`;
    case 'dot':
    case 'select':
      return expr.kind;
    case 'ramp':
    case 'broadcast':
      return `${expr.kind} ${expr.lanes}`;
    case 'extract':
      return `extract ${expr.lane}`;
    default:
      return assertNever(expr);
  }
}
