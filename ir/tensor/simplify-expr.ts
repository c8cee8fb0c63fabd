import { isFloat } from '../dtype.ts';
import { assertNever } from '../errors.ts';
import {
  type BinaryOp,
  binaryFunction,
  castFunction,
  comparisons,
  roundTo,
  type Scalar,
  unaryFunction,
} from '../scalar.ts';
import { assume } from './assume.ts';
import { boundsOf, decide, indexDifference, isNonNegative, type Knowledge } from './bounds.ts';
import { binary, bool, broadcast, cast, constant, extract, int, ramp, select, unary } from './build.ts';
import { structuralEquals } from './equal.ts';
import { isPoint } from './interval.ts';
import { fromLinear, isConstant, isIndex, type Linear, linearOf, scaleLinear } from './linear.ts';
import { divideForm, isReduced, joinDivisions, remainderForm } from './simplify-division.ts';
import type { Binary, Cast, Expr, Extract, Select, Unary, Var } from './tensor-func.ts';
import { lanesOf } from './typing.ts';
import { mapExprChildren } from './visit.ts';

/** What is known where an expression stands, and the values of the lets that are to be replaced by them. */
export interface Context extends Knowledge {
  readonly values: ReadonlyMap<string, Expr>;
}

/** The simplified expression, or the same object where nothing can be simplified. */
export function simplifyExpr(expr: Expr, context: Context): Expr {
  const simple = rules(expr, context);
  return structuralEquals(simple, expr) ? expr : simple;
}

function rules(expr: Expr, context: Context): Expr {
  switch (expr.kind) {
    case 'const':
      return expr;
    case 'var':
      return simplifyVar(expr, context);
    case 'load':
    case 'dot':
    case 'bitcast':
    case 'ramp':
    case 'broadcast':
      return mapExprChildren(expr, (child) => simplifyExpr(child, context));
    case 'unary':
      return simplifyUnary(expr, context);
    case 'binary':
      return simplifyBinary(expr, context);
    case 'select':
      return simplifySelect(expr, context);
    case 'cast':
      return simplifyCast(expr, simplifyExpr(expr.operand, context));
    case 'extract':
      return simplifyExtract(expr, simplifyExpr(expr.vector, context), context);
    default:
      return assertNever(expr);
  }
}

function simplifyVar(expr: Var, { ranges, values }: Context): Expr {
  const range = ranges.get(expr.name);
  return range !== undefined && isPoint(range) && isIndex(expr) ? int(range.min) : (values.get(expr.name) ?? expr);
}

function simplifyCast({ dtype }: Cast, operand: Expr): Expr {
  if (operand.kind === 'const')
    return constant(castFunction(operand.dtype, dtype)(roundTo(operand.dtype)(operand.value)), dtype);
  return operand.kind === 'broadcast'
    ? broadcast(simplifyCast({ kind: 'cast', dtype, operand: operand.value }, operand.value), operand.lanes)
    : cast(operand, dtype);
}

function simplifyExtract({ lane }: Pick<Extract, 'lane'>, vector: Expr, context: Context): Expr {
  if (vector.kind === 'broadcast') {
    const { value } = vector;
    return lanesOf(value) === 1 ? value : simplifyExtract({ lane: lane % lanesOf(value) }, value, context);
  }
  return vector.kind === 'ramp' ? simplifyExpr(binary('add', vector.base, int(lane)), context) : extract(vector, lane);
}

function simplifyUnary(expr: Unary, context: Context): Expr {
  if (expr.op === 'neg' && isIndex(expr)) return simplifySum(expr, context);
  const operand = simplifyExpr(expr.operand, context);
  if (operand.kind === 'const')
    return constant(unaryFunction(expr.op, operand.dtype)(roundTo(operand.dtype)(operand.value)), expr.dtype);
  if (operand.kind === 'broadcast') {
    return broadcast(simplifyUnary({ ...expr, operand: operand.value }, context), operand.lanes);
  }
  if (expr.op === 'not') return simplifyNot(operand, context);
  return { ...expr, operand };
}

const opposites: Readonly<Partial<Record<BinaryOp, BinaryOp>>> = { lt: 'ge', le: 'gt', gt: 'le', ge: 'lt' };

/** Turns comparisons of integers around; those of floats are all false on NaN, and only == and != are opposites. */
function simplifyNot(operand: Expr, context: Context): Expr {
  const truth = decide(operand, context);
  if (truth !== undefined && lanesOf(operand) === 1) return bool(!truth);
  if (operand.kind === 'unary' && operand.op === 'not') return operand.operand;
  if (operand.kind === 'binary') {
    if (operand.op === 'eq' || operand.op === 'ne') return { ...operand, op: operand.op === 'eq' ? 'ne' : 'eq' };
    const opposite = opposites[operand.op];
    if (opposite !== undefined && operand.left.dtype === 'i32') return { ...operand, op: opposite };
  }
  return unary('not', operand);
}

function simplifyBinary(expr: Binary, context: Context): Expr {
  if (isIndex(expr) && (expr.op === 'add' || expr.op === 'sub' || expr.op === 'mul')) return simplifySum(expr, context);
  const left = simplifyExpr(expr.left, context);
  // An operation on bools has no effect, so that the right side matters only where the left side leaves it open.
  const right = simplifyExpr(expr.right, rightContext(expr.op, left, context));
  if (left.kind === 'const' && right.kind === 'const') return fold(expr, left.value, right.value, left.dtype);
  if (left.kind === 'broadcast' && right.kind === 'broadcast' && lanesOf(left.value) === lanesOf(right.value)) {
    return broadcast(simplifyBinary({ ...expr, left: left.value, right: right.value }, context), left.lanes);
  }
  return simplifyOperation({ ...expr, left, right }, context);
}

const fold = ({ op, dtype }: Binary, left: Scalar, right: Scalar, operands: Expr['dtype']): Expr =>
  constant(binaryFunction(op, operands)(roundTo(operands)(left), roundTo(operands)(right)), dtype);

function rightContext(op: BinaryOp, left: Expr, context: Context): Context {
  if (op !== 'and' && op !== 'or') return context;
  return lanesOf(left) === 1 ? { ...context, ...assume(context, left, op === 'and') } : context;
}

function simplifySum(expr: Expr, context: Context): Expr {
  return fromLinear(
    joinDivisions(
      linearOf(expr, (atom) => simplifyExpr(atom, context)),
      context,
    ),
  );
}

/** The rules for operands that are simple already. */
function simplifyOperation(expr: Binary, context: Context): Expr {
  if (comparisons.has(expr.op)) return simplifyCondition(expr, context);
  if (expr.dtype === 'bool') return simplifyConnective(expr, context);
  if (isIndex(expr)) return simplifyIndex(expr, context);
  return simplifyVector(expr, context) ?? withoutNeutral(expr) ?? expr;
}

/** A comparison of vectors is decided where it is the same in every lane. */
function simplifyCondition(expr: Binary, context: Context): Expr {
  const truth = decide(expr, context);
  if (truth === undefined) return expr;
  const lanes = lanesOf(expr);
  return lanes === 1 ? bool(truth) : broadcast(bool(truth), lanes);
}

const truthOf = (expr: Expr): boolean | undefined => {
  if (expr.kind === 'broadcast') return truthOf(expr.value);
  return expr.kind === 'const' ? Number(expr.value) !== 0 : undefined;
};

function simplifyConnective(expr: Binary, context: Context): Expr {
  const { op, left, right } = expr;
  const [a, b] = [truthOf(left), truthOf(right)];
  if (op === 'and' || op === 'or') {
    const neutral = op === 'and';
    if (a !== undefined) return a === neutral ? right : left;
    if (b !== undefined) return b === neutral ? left : right;
    if (structuralEquals(left, right)) return left;
    return simplifyCondition(expr, context);
  }
  if (op === 'xor' && a === false) return right;
  return op === 'xor' && b === false ? left : expr;
}

function simplifyIndex(expr: Binary, context: Context): Expr {
  switch (expr.op) {
    case 'floordiv':
    case 'floormod':
      return simplifyDivision(expr, context);
    case 'div':
    case 'mod':
      return simplifyTruncation(expr, context);
    case 'min':
    case 'max':
      return simplifyExtremum(expr, context);
    default:
      return expr;
  }
}

function simplifyDivision(expr: Binary, context: Context): Expr {
  const [form, divisor] = [linearOf(expr.left), linearOf(expr.right)];
  const quotient = expr.op === 'floordiv';
  if (!isConstant(divisor)) {
    if (!isReduced(form, divisor, context)) return expr;
    return quotient ? int(0) : expr.left;
  }
  if (divisor.constant === 0) return int(0);
  if (divisor.constant < 0) return expr;
  const result = (quotient ? divideForm : remainderForm)(form, divisor.constant, context);
  return fromLinear(joinDivisions(result, context));
}

/** Where nothing is negative, rounding down and toward zero agree, and the rules for the former apply. */
function simplifyTruncation(expr: Binary, context: Context): Expr {
  const unsigned = [expr.left, expr.right].every((operand) => boundsOf(operand, context.ranges).min >= 0);
  if (!unsigned) return expr;
  return simplifyDivision({ ...expr, op: expr.op === 'div' ? 'floordiv' : 'floormod' }, context);
}

function simplifyExtremum(expr: Binary, context: Context): Expr {
  const { left, right } = expr;
  if (structuralEquals(left, right)) return left;
  const order = compare(left, right, context);
  if (order === undefined) return expr;
  return order === 'le' ? (expr.op === 'min' ? left : right) : expr.op === 'min' ? right : left;
}

/** Whether left ≤ right or left ≥ right for certain. */
function compare(left: Expr, right: Expr, context: Context): 'le' | 'ge' | undefined {
  const difference: Linear | undefined = indexDifference(left, right, context.ranges);
  if (difference !== undefined) {
    if (isNonNegative(difference, context)) return 'le';
    return isNonNegative(scaleLinear(difference, -1), context) ? 'ge' : undefined;
  }
  const [a, b] = [boundsOf(left, context.ranges), boundsOf(right, context.ranges)];
  if (a.max <= b.min) return 'le';
  return a.min >= b.max ? 'ge' : undefined;
}

/** Moves scalars that are added to a ramp into its base. */
function simplifyVector({ op, dtype, left, right }: Binary, context: Context): Expr | undefined {
  if (dtype !== 'i32' || (op !== 'add' && op !== 'sub')) return undefined;
  if (left.kind === 'ramp' && right.kind === 'broadcast' && lanesOf(right.value) === 1) {
    return ramp(simplifyExpr(binary(op, left.base, right.value), context), left.lanes);
  }
  if (op === 'add' && left.kind === 'broadcast' && lanesOf(left.value) === 1 && right.kind === 'ramp') {
    return ramp(simplifyExpr(binary(op, left.value, right.base), context), right.lanes);
  }
  return undefined;
}

const valueOf = (expr: Expr): Scalar | undefined => {
  if (expr.kind === 'broadcast') return valueOf(expr.value);
  return expr.kind === 'const' ? expr.value : undefined;
};

/** Drops operands that change no value, whether the element is NaN, infinite or -0: only -0 is neutral in a float sum. */
function withoutNeutral({ op, left, right }: Binary): Expr | undefined {
  const [a, b] = [valueOf(left), valueOf(right)];
  const float = isFloat(left.dtype);
  const zero = (value: Scalar | undefined, sign: 0): boolean =>
    value !== undefined && (float ? Object.is(value, sign) : Number(value) === 0);
  const one = (value: Scalar | undefined): boolean => value !== undefined && Number(value) === 1;
  switch (op) {
    case 'add':
      return zero(a, -0) ? right : zero(b, -0) ? left : undefined;
    case 'sub':
      return zero(b, 0) ? left : undefined;
    case 'mul':
      return one(a) ? right : one(b) ? left : undefined;
    case 'div':
      return one(b) ? left : undefined;
    default:
      return undefined;
  }
}

function simplifySelect(expr: Select, context: Context): Expr {
  const cond = simplifyExpr(expr.cond, context);
  const truth = truthOf(cond) ?? decide(cond, context);
  if (truth !== undefined) return simplifyExpr(truth ? expr.then : expr.else, context);
  const scalar = lanesOf(cond) === 1;
  const then = simplifyExpr(expr.then, scalar ? { ...context, ...assume(context, cond) } : context);
  const otherwise = simplifyExpr(expr.else, scalar ? { ...context, ...assume(context, cond, false) } : context);
  if (structuralEquals(then, otherwise)) return then;
  if (
    cond.kind === 'broadcast' &&
    then.kind === 'broadcast' &&
    otherwise.kind === 'broadcast' &&
    [cond, then, otherwise].every(({ value }) => lanesOf(value) === 1)
  ) {
    return broadcast(select(cond.value, then.value, otherwise.value), cond.lanes);
  }
  return select(cond, then, otherwise);
}
