import { type Dim, isStatic, type Shape } from '../dim.ts';
import type { DType } from '../dtype.ts';
import { type BinaryOp, binaryResult, type Scalar, type UnaryOp, unaryResult } from '../scalar.ts';
import type {
  Annotations,
  Block,
  Buffer,
  Expr,
  For,
  Iter,
  LoopKind,
  Scope,
  Seq,
  Stmt,
  Store,
  Var,
} from './tensor-func.ts';

export const constant = (value: Scalar, dtype: DType): Expr => ({ kind: 'const', dtype, value });
export const int = (value: number): Expr => ({ kind: 'const', dtype: 'i32', value });
export const bool = (value: boolean): Expr => ({ kind: 'const', dtype: 'bool', value: value ? 1 : 0 });
export const variable = (name: string, dtype: DType = 'i32', lanes = 1): Var => ({ kind: 'var', dtype, name, lanes });

export const load = (buffer: Buffer, indices: readonly Expr[]): Expr => ({
  kind: 'load',
  dtype: buffer.dtype,
  buffer: buffer.name,
  indices,
});

export const unary = (op: UnaryOp, operand: Expr): Expr => ({
  kind: 'unary',
  dtype: unaryResult(op, operand.dtype),
  op,
  operand,
});

export const binary = (op: BinaryOp, left: Expr, right: Expr): Expr => ({
  kind: 'binary',
  dtype: binaryResult(op, left.dtype),
  op,
  left,
  right,
});

export const add = (left: Expr, right: Expr): Expr => binary('add', left, right);
export const sub = (left: Expr, right: Expr): Expr => binary('sub', left, right);
export const mul = (left: Expr, right: Expr): Expr => binary('mul', left, right);
export const floordiv = (left: Expr, right: Expr): Expr => binary('floordiv', left, right);
export const floormod = (left: Expr, right: Expr): Expr => binary('floormod', left, right);
export const less = (left: Expr, right: Expr): Expr => binary('lt', left, right);
export const and = (left: Expr, right: Expr): Expr => binary('and', left, right);

export const dot = (left: Expr, right: Expr): Expr => ({ kind: 'dot', dtype: 'i32', left, right });

export const select = (cond: Expr, then: Expr, otherwise: Expr): Expr => ({
  kind: 'select',
  dtype: then.dtype,
  cond,
  then,
  else: otherwise,
});

export const cast = (operand: Expr, dtype: DType): Expr =>
  operand.dtype === dtype ? operand : { kind: 'cast', dtype, operand };
export const bitcast = (operand: Expr, dtype: DType): Expr => ({ kind: 'bitcast', dtype, operand });
export const ramp = (base: Expr, lanes: number): Expr => ({ kind: 'ramp', dtype: base.dtype, base, lanes });
export const broadcast = (value: Expr, lanes: number): Expr => ({
  kind: 'broadcast',
  dtype: value.dtype,
  value,
  lanes,
});
export const extract = (vector: Expr, lane: number): Expr => ({ kind: 'extract', dtype: vector.dtype, vector, lane });

/** A dimension as an i32 expression over the function's sizes. */
export function dimExpr(dim: Dim): Expr {
  if (isStatic(dim)) return int(dim);
  const terms = dim.terms.map(({ symbol, coefficient }) =>
    coefficient === 1 ? variable(symbol) : mul(variable(symbol), int(coefficient)),
  );
  return [...terms, ...(dim.constant === 0 ? [] : [int(dim.constant)])].reduce(add);
}

export const buffer = (name: string, dtype: DType, shape: Shape, scope: Scope = 'global'): Buffer => ({
  name,
  dtype,
  shape,
  scope,
});

export const store = (target: Buffer, indices: readonly Expr[], value: Expr): Store => ({
  kind: 'store',
  buffer: target.name,
  indices,
  value,
});

export const seq = (stmts: readonly Stmt[]): Stmt => {
  const flat = stmts.flatMap((stmt) => (stmt.kind === 'seq' ? stmt.stmts : [stmt]));
  return flat.length === 1 ? (flat[0] as Stmt) : ({ kind: 'seq', stmts: flat } satisfies Seq);
};

export const loop = (loopVar: string, extent: Expr, body: Stmt, loopKind: LoopKind = 'serial'): For => ({
  kind: 'for',
  loopVar,
  loopKind,
  extent,
  body,
});

/** Wraps a body in serial loops, the first name outermost. */
export const loops = (vars: readonly (readonly [name: string, extent: Dim])[], body: Stmt): Stmt =>
  vars.reduceRight<Stmt>((inner, [name, extent]) => loop(name, dimExpr(extent), inner), body);

export interface BlockParts {
  readonly name: string;
  readonly iters: readonly Iter[];
  readonly predicate?: Expr;
  readonly init?: Stmt;
  readonly annotations?: Annotations;
  readonly body: Stmt;
}

export const block = (parts: BlockParts): Block => ({ kind: 'block', ...parts });
