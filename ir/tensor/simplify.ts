import { assertNever } from '../errors.ts';
import { assume, assumeNonNegative, narrow } from './assume.ts';
import { boundsOf, dataRange, decide, isData, isDataRange, type Ranges } from './bounds.ts';
import { dimExpr, seq, variable } from './build.ts';
import { atomLinear, isIndex, linearOf, shiftLinear, subtractLinear } from './linear.ts';
import { type Context, simplifyExpr } from './simplify-expr.ts';
import type { Block, Expr, For, If, Iter, Let, Stmt, TensorFunc } from './tensor-func.ts';
import { mapChildren, mapList, update } from './visit.ts';

/**
 * Simplifies an expression: folds constants, brings i32 arithmetic into the form of `linear.ts`, resolves quotients,
 * remainders, minima, comparisons and selects that bounds decide. The result equals the expression for all values in
 * the ranges (see `Ranges` for what is assumed of overflow), floats to the bit; NaN payloads aside. Idempotent.
 */
export const simplify = (expr: Expr, ranges: Ranges = new Map()): Expr =>
  simplifyExpr(expr, { ranges, facts: [], values: new Map() });

/**
 * Simplifies all expressions of a statement with what its loops, block iterators, lets and conditions tell about the
 * variables. Drops loops that do not run, statements without effect and conditions that are decided; replaces a loop
 * of one iteration by its body, unless it carries annotations, and lets of constants and variables by their value.
 */
export const simplifyStmt = (stmt: Stmt, ranges: Ranges = new Map()): Stmt =>
  simplifyIn(stmt, { ranges, facts: [], values: new Map() });

/** The range of every size of a function: a dimension is at least 1. */
export const sizeRanges = (func: TensorFunc): Ranges =>
  new Map(func.sizes.map((size) => [size, { min: 1, max: dataRange.max }]));

export const simplifyFunc = (func: TensorFunc): TensorFunc =>
  update(func, { body: simplifyStmt(func.body, sizeRanges(func)) });

const nothing: Stmt = { kind: 'seq', stmts: [] };
const isNothing = (stmt: Stmt): boolean => stmt.kind === 'seq' && stmt.stmts.length === 0;

function simplifyIn(stmt: Stmt, context: Context): Stmt {
  switch (stmt.kind) {
    case 'for':
      return simplifyFor(stmt, context);
    case 'block':
      return simplifyBlock(stmt, context);
    case 'if':
      return simplifyIf(stmt, context);
    case 'let':
      return simplifyLet(stmt, context);
    case 'seq': {
      const stmts = mapList(stmt.stmts, (child) => simplifyIn(child, context));
      const flat = stmts.every((child) => child.kind !== 'seq') && stmts.length !== 1;
      return flat ? update(stmt, { stmts }) : seq(stmts);
    }
    case 'store':
    case 'assign':
      return mapChildren(stmt, { expr: (expr) => simplifyExpr(expr, context), stmt: (child) => child });
    default:
      return assertNever(stmt);
  }
}

function simplifyFor(stmt: For, context: Context): Stmt {
  const extent = simplifyExpr(stmt.extent, context);
  if (boundsOf(extent, context.ranges).max <= 0) return nothing;
  const body = simplifyIn(stmt.body, withIndex(context, stmt.loopVar, extent));
  if (isNothing(body)) return nothing;
  // The body no longer names the variable: its range is the single point 0.
  const once = extent.kind === 'const' && extent.value === 1 && stmt.annotations === undefined;
  return once ? body : update(stmt, { extent, body });
}

/** Adds a variable that runs from 0 to extent-1. */
function withIndex(context: Context, name: string, extent: Expr): Context {
  const { max } = boundsOf(extent, context.ranges);
  const bounded = narrow(context, name, { min: 0, max: max - 1 });
  // A constant extent is in the range already; one that depends on variables bounds the variable by theirs.
  if (extent.kind === 'const' || isData(extent, context.ranges)) return { ...context, ...bounded };
  const slack = shiftLinear(subtractLinear(linearOf(extent), atomLinear(variable(name))), -1);
  return { ...context, ...assumeNonNegative(bounded, slack) };
}

function simplifyBlock(stmt: Block, context: Context): Stmt {
  const predicate = stmt.predicate === undefined ? undefined : simplifyExpr(stmt.predicate, context);
  const truth = predicate === undefined ? true : decide(predicate, context);
  if (truth === false) return nothing;
  const running = predicate === undefined ? context : { ...context, ...assume(context, predicate) };
  const iters = mapList(stmt.iters, (iter) => update(iter, { value: simplifyExpr(iter.value, context) }));
  const inside = iters.reduce((inner, iter) => withIter(inner, iter, running), running);
  const body = simplifyIn(stmt.body, inside);
  const init = stmt.init === undefined ? undefined : simplifyIn(stmt.init, firstInstance(iters, inside));
  if (isNothing(body) && (init === undefined || isNothing(init))) return nothing;
  const changed = update(stmt, { iters, body, ...(truth === true || predicate === undefined ? {} : { predicate }) });
  return withoutParts(changed, truth === true, init);
}

/** Drops a predicate that always holds and an init that does nothing. */
function withoutParts(block: Block, always: boolean, init: Stmt | undefined): Block {
  const dropsInit = init !== undefined && isNothing(init);
  const { predicate, init: _, ...rest } = block;
  const kept = {
    ...(always || predicate === undefined ? {} : { predicate }),
    ...(init === undefined || dropsInit ? {} : { init }),
  };
  const same = block.init === kept.init && block.predicate === kept.predicate;
  return same ? block : { ...rest, ...kept };
}

function withIter(inner: Context, iter: Iter, outer: Context): Context {
  const bounds = boundsOf(iter.value, outer.ranges);
  const indexed = withIndex(inner, iter.name, dimExpr(iter.extent));
  return isData(iter.value, outer.ranges) ? indexed : { ...indexed, ...narrow(indexed, iter.name, bounds) };
}

/** In a block's init every reduce variable is 0. */
function firstInstance(iters: readonly Iter[], context: Context): Context {
  return iters
    .filter((iter) => iter.kind === 'reduce')
    .reduce<Context>((inner, { name }) => ({ ...inner, ...narrow(inner, name, { min: 0, max: 0 }) }), context);
}

function simplifyIf(stmt: If, context: Context): Stmt {
  const cond = simplifyExpr(stmt.cond, context);
  const truth = decide(cond, context);
  if (truth !== undefined) {
    const taken = truth ? stmt.then : stmt.else;
    return taken === undefined ? nothing : simplifyIn(taken, context);
  }
  const then = simplifyIn(stmt.then, { ...context, ...assume(context, cond) });
  const otherwise = stmt.else && simplifyIn(stmt.else, { ...context, ...assume(context, cond, false) });
  if (otherwise === undefined || isNothing(otherwise)) {
    if (isNothing(then)) return nothing;
    return stmt.else === undefined ? update(stmt, { cond, then }) : { kind: 'if', cond, then };
  }
  return update(stmt, { cond, then, else: otherwise });
}

function simplifyLet(stmt: Let, context: Context): Stmt {
  const value = simplifyExpr(stmt.value, context);
  if (!stmt.mutable && isFixed(value, context)) {
    return simplifyIn(stmt.body, { ...context, values: new Map(context.values).set(stmt.name, value) });
  }
  const index = !stmt.mutable && isIndex(value) && !isData(value, context.ranges);
  const range = index ? boundsOf(value, context.ranges) : dataRange;
  const inside = { ...context, ranges: new Map(context.ranges).set(stmt.name, range) };
  const body = simplifyIn(stmt.body, inside);
  return isNothing(body) ? nothing : update(stmt, { value, body });
}

/** Constants, and variables that are no registers. */
const isFixed = (value: Expr, { ranges }: Context): boolean =>
  value.kind === 'const' || (value.kind === 'var' && !isDataRange(ranges.get(value.name)));
