import { isStatic, type Shape } from '../../ir/dim.ts';
import { byteSize, type DType } from '../../ir/dtype.ts';
import { boundsOf, type Interval, type Ranges } from '../../ir/tensor/bounds.ts';
import { add, binary, broadcast, int, mul, ramp, seq, variable } from '../../ir/tensor/build.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr, For, Let, Load, Stmt, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren, substituteExpr, update, walkExpr } from '../../ir/tensor/visit.ts';
import { loopRange } from './accesses.ts';
import { canonicalIndex, mentions } from './linear-parts.ts';
import { copyStmt, type FreshName, freshNames } from './names.ts';

/** Lanes of a vector: 128 bits of 32-bit elements. */
const lanes = 4;

/** A loop that cannot become vectors is unrolled up to this extent, so that its indices are constants. */
const maxUnrolled = 16;

/**
 * Turns loops of the kind `vectorized` into vectors of four lanes, and what is left of an extent into scalars.
 *
 *   for j in 8 vectorized { %y[j] = %x[j] * %s[0] }
 *   for j in 2 unrolled { %y[ramp<4>(j*4)] = %x[ramp<4>(j*4)] * broadcast<4>(%s[0]) }
 *
 * Where a value has no vector form (64-bit types, a condition that differs between lanes around a statement or a load
 * that may be out of bounds), the loop runs its iterations one by one.
 */
export function vectorize(func: TensorFunc): TensorFunc {
  const shapes = new Map([...func.inputs, ...func.outputs, ...func.temps].map(({ name, shape }) => [name, shape]));
  const sizes = new Map(func.sizes.map((name) => [name, { min: 1, max: 2 ** 31 - 1 }]));
  return update(func, { body: visit(func.body, { shapes, fresh: freshNames(func), ranges: sizes }) });
}

interface Context {
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly fresh: FreshName;
  readonly ranges: Ranges;
}

function visit(stmt: Stmt, context: Context): Stmt {
  if (stmt.kind === 'for' && stmt.loopKind === 'vectorized') return vectorizeLoop(stmt, context);
  const inner = stmt.kind === 'for' ? withLoop(context, stmt.loopVar, stmt.extent) : context;
  return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, inner) });
}

const withLoop = (context: Context, name: string, extent: Expr): Context => ({
  ...context,
  ranges: new Map<string, Interval>(context.ranges).set(name, loopRange(extent)),
});

function vectorizeLoop(loop: For, context: Context): Stmt {
  const inner = withLoop(context, loop.loopVar, loop.extent);
  const body = visit(loop.body, inner);
  const extent = loop.extent.kind === 'const' ? Number(loop.extent.value) : undefined;
  const scalar = (): Stmt => ({
    ...loop,
    body,
    loopKind: extent !== undefined && extent <= maxUnrolled ? 'unrolled' : 'serial',
  });
  if (extent !== undefined && extent < lanes) return scalar();
  const group = context.fresh(loop.loopVar);
  const vectors = vectorBody(body, loop.loopVar, group, inner);
  if (vectors === undefined) return scalar();
  const groups = simplify(binary('floordiv', loop.extent, int(lanes)), context.ranges);
  const few = groups.kind === 'const' && Number(groups.value) <= maxUnrolled / lanes;
  const main: Stmt = { ...loop, loopVar: group, loopKind: few ? 'unrolled' : 'serial', extent: groups, body: vectors };
  const rest = simplify(binary('floormod', loop.extent, int(lanes)), context.ranges);
  if (rest.kind === 'const' && Number(rest.value) === 0) return main;
  return seq([main, tail(loop, body, groups, rest, context.fresh)]);
}

/** The iterations that fill no vector. */
function tail(loop: For, body: Stmt, groups: Expr, rest: Expr, fresh: FreshName): Stmt {
  const loopVar = fresh(loop.loopVar);
  const index = add(variable(loopVar), mul(groups, int(lanes)));
  const copy = copyStmt(body, fresh, new Map([[loop.loopVar, index]]));
  return { ...loop, loopVar, loopKind: rest.kind === 'const' ? 'unrolled' : 'serial', extent: rest, body: copy };
}

/** The body for lanes `group*4 … group*4+3` of the loop variable, or undefined where it has no vector form. */
function vectorBody(body: Stmt, loopVar: string, group: string, context: Context): Stmt | undefined {
  const start = mul(variable(group), int(lanes));
  const first = new Map<string, Expr>([[loopVar, start]]);
  const varying = new Set([loopVar]);
  const varies = (expr: Expr): boolean => mentions(expr, (name) => varying.has(name));
  let possible = true;
  const refuse = <T>(node: T): T => {
    possible = false;
    return node;
  };
  const spread = (expr: Expr): Expr => (lanesOf(expr) === 1 ? broadcast(expr, lanes) : expr);
  const atFirst = (expr: Expr): Expr => canonicalIndex(substituteExpr(expr, first));

  const indicesOf = (node: Load | Store): readonly Expr[] => {
    const last = lastMoving(context.shapes.get(node.buffer) ?? []);
    return node.indices.map((index, at) => {
      if (!varies(index)) return index;
      return at === last && isStep(index, loopVar, varies) ? ramp(atFirst(index), lanes) : vector(index);
    });
  };

  const vector = (expr: Expr): Expr => {
    if (!varies(expr)) return expr;
    if (!hasVectors(expr.dtype)) return refuse(expr);
    switch (expr.kind) {
      case 'var':
        return expr.name === loopVar ? ramp(start, lanes) : variable(expr.name, expr.dtype, lanes);
      case 'load':
        return update(expr, { indices: indicesOf(expr) });
      case 'select':
        if (varies(expr.cond) && !loadsInBounds(expr, context)) return refuse(expr);
        break;
      case 'unary':
        if (onlyScalar(expr.op, expr.dtype)) return refuse(expr);
        break;
      case 'binary':
        if (!hasVectors(expr.left.dtype)) return refuse(expr);
        if (expr.dtype === 'i32' && isStep(expr, loopVar, varies)) return ramp(atFirst(expr), lanes);
        break;
      case 'cast':
      case 'bitcast':
        if (!hasVectors(expr.operand.dtype)) return refuse(expr);
        break;
      case 'ramp':
      case 'broadcast':
      case 'extract':
        return refuse(expr);
      default:
    }
    return mapExprChildren(expr, (child) => spread(vector(child)));
  };

  const scalar = (expr: Expr): Expr => (varies(expr) || lanesOf(expr) > 1 ? refuse(expr) : expr);

  const statement = (stmt: Stmt): Stmt => {
    switch (stmt.kind) {
      case 'store': {
        const at = lastMoving(context.shapes.get(stmt.buffer) ?? []);
        const last = stmt.indices[at];
        const outer = stmt.indices.some((index, dim) => dim !== at && varies(index));
        if (last === undefined || outer || !isStep(last, loopVar, varies) || !hasVectors(stmt.value.dtype))
          return refuse(stmt);
        return update(stmt, { indices: indicesOf(stmt), value: spread(vector(stmt.value)) });
      }
      case 'let':
        return stmt.mutable ? refuse(stmt) : letStatement(stmt);
      case 'for':
        return update(stmt, { extent: scalar(stmt.extent), body: statement(stmt.body) });
      case 'if':
      case 'seq':
        return mapChildren(stmt, { expr: scalar, stmt: statement });
      case 'block':
      case 'assign':
        return refuse(stmt);
      default:
        return stmt;
    }
  };
  const letStatement = (stmt: Let): Stmt => {
    if (!varies(stmt.value)) return update(stmt, { value: stmt.value, body: statement(stmt.body) });
    varying.add(stmt.name);
    return update(stmt, { value: vector(stmt.value), body: statement(stmt.body) });
  };

  const result = statement(body);
  return possible ? result : undefined;
}

/** The last dimension of more than one element: neighbours along it are neighbours in memory. */
const lastMoving = (shape: Shape): number =>
  Math.max(
    0,
    shape.findLastIndex((extent) => extent !== 1),
  );

/** Whether an index goes up by one with the loop and otherwise does not change between lanes. */
function isStep(index: Expr, loopVar: string, varies: (expr: Expr) => boolean): boolean {
  const terms = [...linearOf(index).terms.values()].filter(({ atom }) => varies(atom));
  const [only] = terms;
  return terms.length === 1 && only?.coefficient === 1 && only.atom.kind === 'var' && only.atom.name === loopVar;
}

const hasVectors = (dtype: DType): boolean => byteSize(dtype) <= 4;

/** Operations that become arithmetic only on f32. */
const basic: ReadonlySet<string> = new Set([
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'not',
  'bitnot',
  'isnan',
]);
const onlyScalar = (op: string, dtype: DType): boolean => dtype !== 'f32' && !basic.has(op);

/** Whether every load in the branches of a select is within its buffer even where the branch is not taken. */
function loadsInBounds(expr: Expr, { shapes, ranges }: Context): boolean {
  let inBounds = true;
  walkExpr(expr, (node) => {
    if (node.kind !== 'load') return;
    const shape = shapes.get(node.buffer) ?? [];
    inBounds &&= node.indices.every((index, at) => {
      const [bounds, dim] = [boundsOf(index, ranges), shape[at]];
      return dim !== undefined && isStatic(dim) && bounds.min >= 0 && bounds.max < dim;
    });
  });
  return inBounds;
}
