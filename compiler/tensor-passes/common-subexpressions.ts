import { seq, variable } from '../../ir/tensor/build.ts';
import type { Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren, update } from '../../ir/tensor/visit.ts';
import { hasLoad } from './linear-parts.ts';
import { type FreshName, freshNames } from './names.ts';
import { type NamedValue, nestValues } from './nest-values.ts';
import { type ProductRow, productOf, productRows } from './product-rows.ts';
import { exprsOf, type Numbering, numberValues } from './value-numbers.ts';

/**
 * Names values that a run of stores and assignments computes more than once, in particular elements that it loads more
 * than once, which no engine does by itself. In rows of products that are added to accumulators, the products come
 * first, unless `rowsOfProducts` says that the driver of a GPU orders them. Index arithmetic is left to the code generator.
 *
 *   c := c + broadcast<4>(%a[k]) * %b[ramp<4>(0)]
 *   d := d + broadcast<4>(%a[k]) * %b[ramp<4>(4)]
 *
 *   let v = broadcast<4>(%a[k]) { let p = v * %b[ramp<4>(0)] { let q = v * %b[ramp<4>(4)] { c := c + p  d := d + q } } }
 */
export function commonSubexpressions(func: TensorFunc, { rowsOfProducts = true } = {}): TensorFunc {
  const rowsOf = rowsOfProducts ? productRows : () => [];
  return update(func, { body: visit(func.body, { fresh: freshNames(func), rowsOf }) });
}

interface Context {
  readonly fresh: FreshName;
  readonly rowsOf: typeof productRows;
}

const isSimple = (stmt: Stmt): boolean => stmt.kind === 'store' || stmt.kind === 'assign';

function visit(stmt: Stmt, context: Context): Stmt {
  if (isSimple(stmt)) return nameInRun([stmt], context);
  if (stmt.kind !== 'seq') return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, context) });
  const parts: Stmt[] = [];
  let run: Stmt[] = [];
  const flush = () => {
    if (run.length > 0) parts.push(nameInRun(run, context));
    run = [];
  };
  for (const child of stmt.stmts) {
    if (isSimple(child)) run.push(child);
    else {
      flush();
      parts.push(visit(child, context));
    }
  }
  flush();
  return seq(parts);
}

/** A value that occurs in a run. */
interface Value {
  readonly expr: Expr;
  /** The statement in which it occurs first, by whose numbering its parts are known. */
  readonly home: number;
  readonly start: number;
  end: number;
  uses: number;
  /** Parts of a value have a lower rank than the value. */
  rank: number;
}

function nameInRun(run: readonly Stmt[], { fresh, rowsOf }: Context): Stmt {
  const numberings = numberValues(run);
  const values = countValues(run, numberings, rowsOf(run, numberings));
  const named = new Map<number, NamedValue>();
  for (const [number, value] of values) {
    if (value.uses < 2) continue;
    const base = value.expr.kind === 'load' ? value.expr.buffer : 'v';
    named.set(number, { ...value, name: variable(fresh(base), value.expr.dtype, lanesOf(value.expr)) });
  }
  if (named.size === 0) return seq(run);
  const namedAt = (expr: Expr, home: number) => named.get(numberings[home]?.get(expr) ?? -1);
  rankPartsFirst([...named.values()], namedAt);
  outliveWholes([...named.values()], namedAt);
  /** An expression at a place in the run, values that are named there replaced by their names. */
  const rename = (expr: Expr, at: number, home: number): Expr => {
    const value = namedAt(expr, home);
    const isOpen = value?.depth !== undefined && value.start <= at && at <= value.end;
    return isOpen ? value.name : mapExprChildren(expr, (child) => rename(child, at, home));
  };
  return nestValues(run.length, [...named.values()], {
    stmt: (at) => mapChildren(run[at] as Stmt, { expr: (expr) => rename(expr, at, at), stmt: (child) => child }),
    value: ({ expr, start, home }) => mapExprChildren(expr, (child) => rename(child, start, home)),
  });
}

/**
 * Ranks values anew. In the order in which they were found a part may come after its whole, where the whole has it
 * under a condition.
 */
function rankPartsFirst(
  values: readonly NamedValue[],
  namedAt: (expr: Expr, home: number) => NamedValue | undefined,
): void {
  const ranked = new Set<NamedValue>();
  const visitParts = (expr: Expr, home: number): Expr =>
    mapExprChildren(expr, (child) => {
      const part = namedAt(child, home);
      if (part === undefined) visitParts(child, home);
      else rank(part);
      return child;
    });
  const rank = (value: NamedValue): void => {
    if (ranked.has(value)) return;
    visitParts(value.expr, value.home);
    value.rank = ranked.size;
    ranked.add(value);
  };
  for (const value of [...values].sort((a, b) => a.rank - b.rank)) rank(value);
}

/** Makes the parts of a value that start with it end no earlier, so that their lets come to stand around its own. */
function outliveWholes(
  values: readonly NamedValue[],
  namedAt: (expr: Expr, home: number) => NamedValue | undefined,
): void {
  const visitParts = (expr: Expr, whole: NamedValue): Expr =>
    mapExprChildren(expr, (child) => {
      const part = namedAt(child, whole.home);
      if (part === undefined) return visitParts(child, whole);
      if (part.start === whole.start) part.end = Math.max(part.end, whole.end);
      return child;
    });
  for (const whole of [...values].sort((a, b) => b.rank - a.rank)) visitParts(whole.expr, whole);
}

function countValues(
  run: readonly Stmt[],
  numberings: readonly Numbering[],
  found: readonly ProductRow[],
): ReadonlyMap<number, Value> {
  const values = new Map<number, Value>();
  let rank = 0;
  /** Counts the values in an expression of statement `home` that is needed from `start` to `end`. */
  const count = (expr: Expr, home: number, start: number, end: number, conditional: boolean): void => {
    if (isIndexArithmetic(expr)) return;
    const number = numberings[home]?.get(expr) ?? -1;
    const isNameable = isWorthNaming(expr);
    const known = isNameable ? values.get(number) : undefined;
    if (known !== undefined) {
      known.uses++;
      known.end = Math.max(known.end, end);
      return;
    }
    const value: Value = { expr, home, start, end, uses: 1, rank: 0 };
    if (isNameable && !conditional) values.set(number, value);
    mapExprChildren(expr, (child) => {
      count(child, home, start, end, conditional || (expr.kind === 'select' && child !== expr.cond));
      return child;
    });
    value.rank = rank++;
  };
  const rows = new Map(found.map((row) => [row.from, row]));
  run.forEach((stmt, at) => {
    const last = rows.get(at)?.to ?? -1;
    for (let home = at; home <= last; home++) {
      const product = productOf(run[home]);
      // Once here and once in its statement: it is named, and computed where the row starts.
      if (product !== undefined) count(product, home, at, last, false);
    }
    for (const expr of exprsOf(stmt)) count(expr, at, at, at, false);
  });
  return values;
}

/** The code generator's to share. */
const isIndexArithmetic = (expr: Expr): boolean =>
  expr.kind === 'const' || expr.kind === 'var' || (expr.dtype === 'i32' && lanesOf(expr) === 1 && !hasLoad(expr));

/** Everything but what costs no more than its name. */
const isWorthNaming = (expr: Expr): boolean =>
  expr.kind !== 'ramp' && !(expr.kind === 'broadcast' && expr.value.kind === 'const');
