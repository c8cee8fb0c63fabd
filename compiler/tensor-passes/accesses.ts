import type { Interval } from '../../ir/tensor/bounds.ts';
import { unary } from '../../ir/tensor/build.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, If, Load, Stmt, Store } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, substituteExpr, walkExpr } from '../../ir/tensor/visit.ts';

/** One load or store of a buffer: its indices over the variables of the loops around it, outermost loop first. */
export interface Access {
  readonly buffer: string;
  readonly write: boolean;
  readonly indices: readonly Expr[];
  readonly loops: readonly For[];
  /** What must hold for it to happen: block predicates and conditions of `if`. */
  readonly conditions: readonly Expr[];
}

interface Place {
  readonly loops: readonly For[];
  readonly conditions: readonly Expr[];
  readonly values: ReadonlyMap<string, Expr>;
}

/** Every access below a statement in order of execution, block iteration variables replaced by their values. */
export function collectAccesses(stmt: Stmt): readonly Access[] {
  const found: Access[] = [];
  visit(stmt, { loops: [], conditions: [], values: new Map() }, found);
  return found;
}

function record(found: Access[], node: Load | Store, place: Place): void {
  const { values, loops } = place;
  const indices = values.size === 0 ? node.indices : node.indices.map((index) => indexOver(loops, index, values));
  found.push({
    buffer: node.buffer,
    write: node.kind === 'store',
    indices,
    loops,
    conditions: place.conditions,
  });
}

/** An index over the loops' variables; what a split has divided comes together again as the loops' ranges are known. */
export function indexOver(loops: readonly For[], index: Expr, values: ReadonlyMap<string, Expr>): Expr {
  const outer = substituteExpr(index, values);
  const isLinear = [...linearOf(outer).terms.values()].every(({ atom }) => atom.kind === 'var');
  return isLinear ? outer : simplify(outer, new Map(loops.map((loop) => [loop.loopVar, loopRange(loop.extent)])));
}

function visit(stmt: Stmt, place: Place, found: Access[]): void {
  const loads = (expr: Expr): Expr => {
    walkExpr(expr, (node) => {
      if (node.kind === 'load') record(found, node, place);
    });
    return expr;
  };
  if (stmt.kind === 'block') return visitBlock(stmt, place, found, loads);
  if (stmt.kind === 'if') return visitIf(stmt, place, found, loads);
  const inner = stmt.kind === 'for' ? { ...place, loops: [...place.loops, stmt] } : place;
  mapChildren(stmt, {
    expr: loads,
    stmt: (child) => {
      visit(child, inner, found);
      return child;
    },
  });
  if (stmt.kind === 'store') record(found, stmt, place);
}

function visitIf(stmt: If, place: Place, found: Access[], loads: (expr: Expr) => Expr): void {
  loads(stmt.cond);
  const cond = substituteExpr(stmt.cond, place.values);
  const under = (condition: Expr): Place => ({ ...place, conditions: [...place.conditions, condition] });
  visit(stmt.then, under(cond), found);
  if (stmt.else !== undefined) visit(stmt.else, under(unary('not', cond)), found);
}

function visitBlock(block: Block, place: Place, found: Access[], loads: (expr: Expr) => Expr): void {
  if (block.predicate !== undefined) loads(block.predicate);
  const values = new Map(place.values);
  for (const iter of block.iters) values.set(iter.name, iter.value);
  const conditions = block.predicate === undefined ? place.conditions : [...place.conditions, block.predicate];
  if (block.init !== undefined) visit(block.init, { ...place, conditions, values }, found);
  visit(block.body, { ...place, conditions, values }, found);
}

/** The loops that stand around every one of the accesses, outermost first. */
export function commonLoops(accesses: readonly Access[]): readonly For[] {
  const [first, ...rest] = accesses;
  if (first === undefined) return [];
  const shared = first.loops.findIndex((loop, depth) => rest.some((access) => access.loops[depth] !== loop));
  return shared === -1 ? first.loops : first.loops.slice(0, shared);
}

/** The values that a loop's variable takes. */
export function loopRange(extent: Expr): Interval {
  const max = extent.kind === 'const' ? Number(extent.value) - 1 : Number.POSITIVE_INFINITY;
  return { min: 0, max };
}
