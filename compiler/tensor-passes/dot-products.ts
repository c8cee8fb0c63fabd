import { broadcast, cast, dot, ramp, seq } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { addScaled, fromLinear, isConstant, type Linear, linearOf } from '../../ir/tensor/linear.ts';
import type { Binary, Expr, Load, Stmt, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, update, walkExpr } from '../../ir/tensor/visit.ts';

const lanes = 4;

/**
 * Adds two products of small integers at a time to a sum, where the factors of one are neighbours in memory of those of
 * the other. Integers are exact: what was the second sum is left out, and the first adds both.
 *
 *   %c[ramp<4>(0)] = %c[ramp<4>(0)] + broadcast<4>(cast<i32>(%a[k])) * cast<i32>(%b[ramp<4>(j) * broadcast<4>(2)])
 *   %c[ramp<4>(0)] = %c[ramp<4>(0)] + broadcast<4>(cast<i32>(%a[k + 1])) * cast<i32>(%b[… + 1])
 *     →
 *   %c[ramp<4>(0)] = %c[ramp<4>(0)] + dot(cast<i16>(broadcast<8>(%a[ramp<2>(k)])), cast<i16>(%b[ramp<8>(j * 2)]))
 */
export function dotProducts(func: TensorFunc): TensorFunc {
  return update(func, { body: visit(func.body) });
}

function visit(stmt: Stmt): Stmt {
  if (stmt.kind !== 'seq') return mapChildren(stmt, { expr: (expr) => expr, stmt: visit });
  const stmts = pairSums(stmt.stmts);
  return stmts === stmt.stmts ? mapChildren(stmt, { expr: (expr) => expr, stmt: visit }) : seq(stmts.map(visit));
}

/** A store that adds a product of widened integers to an element, and what it reads besides. */
interface Sum {
  readonly at: number;
  readonly store: Store;
  readonly product: Binary;
}

/** Pairs each sum with the next one to the same elements, up to a statement that is no such sum. */
function pairSums(stmts: readonly Stmt[]): readonly Stmt[] {
  const open = new Map<string, Sum>();
  const result: (Stmt | undefined)[] = [...stmts];
  const written = new Set<string>();
  let changed = false;
  stmts.forEach((stmt, at) => {
    const product = productIn(stmt);
    if (stmt.kind !== 'store' || product === undefined || reads(product, written)) {
      open.clear();
      written.clear();
      if (stmt.kind !== 'store' || product === undefined) return;
    }
    written.add(stmt.buffer);
    const key = `${stmt.buffer} ${stmt.indices.map(exprKey).join()}`;
    const first = open.get(key);
    const both = first && dotOf(first.product, product);
    if (first === undefined || both === undefined) {
      open.set(key, { at, store: stmt, product });
      return;
    }
    open.delete(key);
    result[at] = undefined;
    result[first.at] = { ...first.store, value: { ...(first.store.value as Binary), right: both } };
    changed = true;
  });
  return changed ? result.filter((stmt) => stmt !== undefined) : stmts;
}

/** The product that a store adds to the vector that it overwrites. */
function productIn(stmt: Stmt): Binary | undefined {
  if (stmt.kind !== 'store' || stmt.value.kind !== 'binary' || stmt.value.op !== 'add' || stmt.value.dtype !== 'i32')
    return undefined;
  const { left, right } = stmt.value;
  const isOwn =
    left.kind === 'load' &&
    left.buffer === stmt.buffer &&
    left.indices.every((index, dim) => exprKey(index) === exprKey(stmt.indices[dim] as Expr));
  return isOwn && right.kind === 'binary' && right.op === 'mul' ? right : undefined;
}

function reads(expr: Expr, buffers: ReadonlySet<string>): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'load' && buffers.has(node.buffer)) found = true;
    return !found;
  });
  return found;
}

function dotOf(first: Binary, second: Binary): Expr | undefined {
  const [left, right] = [pairOf(first.left, second.left), pairOf(first.right, second.right)];
  return left && right && dot(left, right);
}

/** The elements of two factors in turn, as i16. */
function pairOf(first: Expr, second: Expr): Expr | undefined {
  const [a, b] = [elementsOf(first), elementsOf(second)];
  if (a === undefined || b === undefined || a.load.buffer !== b.load.buffer || a.step !== b.step) return undefined;
  const distance = addScaled(b.start, a.start, -1);
  if (!isConstant(distance) || distance.constant !== 1) return undefined;
  const base = fromLinear(a.start);
  const pairs = { ...a.load, indices: [ramp(base, a.step === 0 ? 2 : 2 * lanes)] };
  return cast(a.step === 0 ? broadcast(pairs, 2 * lanes) : pairs, 'i16');
}

/** Elements that i16 holds, which are loaded and widened: every `step`-th from `start`, one a lane. */
interface Elements {
  readonly load: Load;
  readonly start: Linear;
  readonly step: 0 | 2;
}

function elementsOf(expr: Expr): Elements | undefined {
  const isSplat = expr.kind === 'broadcast';
  const wide = isSplat ? expr.value : expr;
  if (wide.kind !== 'cast' || wide.dtype !== 'i32' || wide.operand.kind !== 'load') return undefined;
  const load = wide.operand;
  const [index] = load.indices;
  if (index === undefined || load.indices.length !== 1 || !['i8', 'u8', 'i16'].includes(load.dtype)) return undefined;
  const progression = isSplat ? { start: linearOf(index), step: 0 } : progressionOf(index);
  if (progression === undefined || (progression.step !== 0 && progression.step !== 2)) return undefined;
  return { load, start: progression.start, step: progression.step };
}

interface Progression {
  readonly start: Linear;
  readonly step: number;
}

/** A vector of four as `start + lane * step`. */
function progressionOf(expr: Expr): Progression | undefined {
  switch (expr.kind) {
    case 'ramp':
      return expr.lanes === lanes ? { start: linearOf(expr.base), step: 1 } : undefined;
    case 'broadcast':
      return { start: linearOf(expr.value), step: 0 };
    case 'binary': {
      const [left, right] = [progressionOf(expr.left), progressionOf(expr.right)];
      if (left === undefined || right === undefined) return undefined;
      if (expr.op === 'add') return { start: addScaled(left.start, right.start, 1), step: left.step + right.step };
      if (expr.op !== 'mul' || right.step !== 0 || !isConstant(right.start)) return undefined;
      const factor = right.start.constant;
      return { start: scaled(left.start, factor), step: left.step * factor };
    }
    default:
      return undefined;
  }
}

const scaled = (form: Linear, factor: number): Linear => addScaled({ constant: 0, terms: new Map() }, form, factor);
