import type { Assign, Binary, Dot, Expr, Stmt } from '../../ir/tensor/tensor-func.ts';
import { mentions } from './linear-parts.ts';
import type { Numbering } from './value-numbers.ts';

/** Products of one row are in registers at the same time: more would push accumulators out. */
const widest = 4;

/** Consecutive assignments `c := c + a*b` of a run that share an operand of the product. */
export interface ProductRow {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the rows of a run. Their products are computed before their sums: the multipliers do not wait for the adders,
 * and engines keep that order.
 */
export function productRows(run: readonly Stmt[], numberings: readonly Numbering[]): readonly ProductRow[] {
  const rows: ProductRow[] = [];
  for (let from = 0; from < run.length; ) {
    const to = endOfRow(run, numberings, from);
    if (to > from) rows.push({ from, to });
    from = to + 1;
  }
  return rows;
}

/** The product, or pairs of them, that an assignment adds to its own variable. */
export function productOf(stmt: Stmt | undefined): Binary | Dot | undefined {
  if (stmt?.kind !== 'assign' || stmt.value.kind !== 'binary' || stmt.value.op !== 'add') return undefined;
  const { left, right } = stmt.value;
  const isOwn = (expr: Expr): boolean => expr.kind === 'var' && expr.name === stmt.name;
  const other = isOwn(left) ? right : isOwn(right) ? left : undefined;
  return other?.kind === 'dot' || (other?.kind === 'binary' && other.op === 'mul') ? other : undefined;
}

function endOfRow(run: readonly Stmt[], numberings: readonly Numbering[], from: number): number {
  const operands = (at: number): readonly (number | undefined)[] => {
    const product = productOf(run[at]);
    return product === undefined ? [] : [numberings[at]?.get(product.left), numberings[at]?.get(product.right)];
  };
  let shared = operands(from);
  const written = new Set<string>();
  let to = from;
  for (let at = from; at < run.length && at - from < widest && shared.length > 0; at++) {
    const product = productOf(run[at]);
    const common = operands(at).filter((operand) => shared.includes(operand));
    if (product === undefined || common.length === 0) break;
    const name = (run[at] as Assign).name;
    if (written.has(name) || mentions(product, (other) => written.has(other))) break;
    written.add(name);
    shared = common;
    to = at;
  }
  return to;
}
