import { type DType, isBigInt } from '../../ir/dtype.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { UnaryOp } from '../../ir/scalar.ts';
import { binary, broadcast, cast, constant, extract, select, unary, variable } from '../../ir/tensor/build.ts';
import type { Expr, Select, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, mapExprChildren, update, walkExpr } from '../../ir/tensor/visit.ts';
import { exp } from './math/exponential.ts';
import { acosh, asinh, atanh, cosh, sinh } from './math/hyperbolic.ts';
import { acos, asin, atan } from './math/inverse-trigonometric.ts';
import { log } from './math/logarithm.ts';
import { type MathBuilder, newMathBuilder, type Wrapper, wrapIn } from './math/math-builder.ts';
import { pow } from './math/power.ts';
import { erf, sigmoid, tanh } from './math/sigmoidal.ts';
import { cos, sin, tan } from './math/trigonometric.ts';
import { type FreshName, freshNames } from './names.ts';

/** `operand` is what x stands for: only what is known of it may be used. */
type Expansion = (b: MathBuilder, x: Expr, operand: Expr) => Expr;

const expansions: Partial<Record<UnaryOp, Expansion>> = {
  exp: (b, x, operand) => exp(b, x, 0, upperBound(operand)),
  log,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  sigmoid,
};

/**
 * Replaces the functions that no target has instructions for by arithmetic on f32 and i32, the same for scalars and
 * vectors:
 *
 *   C[i] = exp(x)   →   let t = max(min(x, 90), -110) { … let r = … { C[i] = p(r) · 2^n } }
 *
 * Errors on f32, over all arguments with a finite result (tests/compiler/tensor-passes/legalize-math.test.ts sweeps
 * them): exp and log at most 2 ulp; sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, erf, sigmoid
 * and pow at most 4 ulp; subnormals, signed zeros, infinities and NaN as IEEE 754 says. f16 is computed in f32 and
 * rounded. Throws UnsupportedError for f64.
 *
 * An argument that is used several times is named by a let before the statement. Where it stands in a side of a
 * `select` and loads, the let holds `select(condition, argument, 0)`, so that nothing loads that did not load before.
 */
export const legalizeMath = (func: TensorFunc): TensorFunc =>
  legalizeFunctions(func, { native: new Set(), reassociates: false });

/** What a target computes by itself, and how. */
export interface MathOfTarget {
  /** The functions that it has. */
  readonly native: ReadonlySet<UnaryOp>;
  /** Whether it may reassociate sums. The errors are greater then. */
  readonly reassociates: boolean;
}

/** The same for another target. */
export function legalizeFunctions(func: TensorFunc, target: MathOfTarget): TensorFunc {
  const fresh = freshNames(func);
  const visit = (stmt: Stmt): Stmt => {
    const wrappers: Wrapper[] = [];
    const rewriter: Rewriter = { func, target, fresh, wrappers, guards: [] };
    const mapped = mapChildren(stmt, { expr: (expr) => legalizeExpr(rewriter, expr), stmt: visit });
    return wrapIn(wrappers, mapped);
  };
  return update(func, { body: visit(func.body) });
}

interface Rewriter {
  readonly func: TensorFunc;
  readonly target: MathOfTarget;
  readonly fresh: FreshName;
  readonly wrappers: Wrapper[];
  /** The sides of `select`s around the place, the outermost first. */
  readonly guards: readonly Guard[];
}

interface Guard {
  readonly condition: Expr;
  readonly isThen: boolean;
}

function legalizeExpr(rewriter: Rewriter, expr: Expr): Expr {
  if (!hasMath(rewriter, expr)) return expr;
  if (expr.kind === 'select') return legalizeSelect(rewriter, expr);
  const mapped = mapExprChildren(expr, (child) => legalizeExpr(rewriter, child));
  if (mapped.kind === 'unary') {
    const expand = expansionOf(rewriter, mapped.op, mapped.dtype);
    if (expand !== undefined)
      return expandTo(rewriter, mapped.op, mapped.dtype, [mapped.operand], ([x], b) =>
        expand(b, x as Expr, mapped.operand),
      );
  }
  if (mapped.kind === 'binary' && isPower(mapped)) {
    return expandTo(rewriter, 'pow', mapped.dtype, [mapped.left, mapped.right], ([x, y], b) =>
      pow(b, x as Expr, y as Expr),
    );
  }
  return mapped;
}

/** What an expression is never more than, as far as its own form says. */
function upperBound(expr: Expr): number {
  if (expr.kind !== 'binary' || expr.op !== 'min') return Number.POSITIVE_INFINITY;
  const limit = expr.right.kind === 'broadcast' ? expr.right.value : expr.right;
  return limit.kind === 'const' ? Number(limit.value) : Number.POSITIVE_INFINITY;
}

const floats: ReadonlySet<DType> = new Set(['f32', 'f16', 'f64']);
const isPower = (expr: Expr): boolean => expr.kind === 'binary' && expr.op === 'pow' && floats.has(expr.dtype);
const expansionOf = ({ target: { native } }: Rewriter, op: UnaryOp, dtype: DType): Expansion | undefined =>
  floats.has(dtype) && !native.has(op) ? expansions[op] : undefined;

function some(expr: Expr, test: (node: Expr) => boolean): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    found ||= test(node);
    return !found;
  });
  return found;
}

const hasLoad = (expr: Expr): boolean => some(expr, (node) => node.kind === 'load');
const hasMath = (rewriter: Rewriter, expr: Expr): boolean =>
  some(
    expr,
    (node) => isPower(node) || (node.kind === 'unary' && expansionOf(rewriter, node.op, node.dtype) !== undefined),
  );

function legalizeSelect(rewriter: Rewriter, expr: Select): Expr {
  const cond = legalizeExpr(rewriter, expr.cond);
  const needsGuard = [expr.then, expr.else].some((side) => hasMath(rewriter, side) && hasLoad(side));
  const condition = needsGuard ? nameValue(rewriter, cond) : cond;
  const within = (isThen: boolean): Rewriter =>
    needsGuard ? { ...rewriter, guards: [...rewriter.guards, { condition, isThen }] } : rewriter;
  const [then, otherwise] = [legalizeExpr(within(true), expr.then), legalizeExpr(within(false), expr.else)];
  return update(expr, { cond: condition, then, else: otherwise });
}

/** A variable for the value, which is not evaluated where the place that it is taken from would not be. */
function nameValue({ fresh, wrappers, guards }: Rewriter, value: Expr): Expr {
  const isConstant = value.kind === 'const' || (value.kind === 'broadcast' && value.value.kind === 'const');
  if (value.kind === 'var' || isConstant) return value;
  const { dtype } = value;
  const lanes = lanesOf(value);
  const name = fresh('argument');
  const zero = constant(isBigInt(dtype) ? 0n : 0, dtype);
  const unused = lanes === 1 ? zero : broadcast(zero, lanes);
  const guarded = hasLoad(value)
    ? guards.reduceRight<Expr>((inner, guard) => select(isActive(guard, lanes), inner, unused), value)
    : value;
  wrappers.push((body) => ({ kind: 'let', name, mutable: false, value: guarded, body }));
  return variable(name, dtype, lanes);
}

/** Whether a value of so many lanes is needed: where the guard has more lanes than the value, by any of them. */
function isActive({ condition, isThen }: Guard, lanes: number): Expr {
  const active = isThen ? condition : unary('not', condition);
  const guardLanes = lanesOf(condition);
  if (guardLanes === lanes) return active;
  if (guardLanes === 1) return broadcast(active, lanes);
  return Array.from({ length: guardLanes }, (_, lane) => extract(active, lane)).reduce((a, b) => binary('or', a, b));
}

function expandTo(
  rewriter: Rewriter,
  op: string,
  dtype: DType,
  operands: readonly Expr[],
  expand: (operands: readonly Expr[], b: MathBuilder) => Expr,
): Expr {
  if (dtype === 'f64')
    throw new UnsupportedError([
      `${op} on f64, in kernel ${rewriter.func.name}: WebAssembly kernels have it for f32 and f16`,
    ]);
  const lanes = lanesOf(operands[0] as Expr);
  const named = operands.map((operand) => nameValue(rewriter, operand));
  const builder = newMathBuilder(lanes, rewriter.target.reassociates, rewriter.fresh, rewriter.wrappers);
  return cast(
    expand(
      named.map((operand) => cast(operand, 'f32')),
      builder,
    ),
    dtype,
  );
}
