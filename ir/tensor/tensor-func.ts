import type { Dim, Shape } from '../dim.ts';
import type { DType } from '../dtype.ts';
import type { BinaryOp, Scalar, UnaryOp } from '../scalar.ts';

/**
 * The loop-level IR, after TensorIR:
 *
 *   func   = name sizes* inputs:buffer* outputs:buffer* temps:buffer* stmt
 *   buffer = name dtype shape scope
 *   stmt   = for var kind extent stmt | block | store buffer index* value | seq stmt* | if cond stmt stmt?
 *          | let var value stmt | assign var value
 *   block  = name iter* predicate? init? body        iter = name (spatial | reduce) extent value
 *   expr   = const | var | load buffer index* | unary | binary | dot | select | cast | bitcast | ramp | broadcast | extract
 *
 * Names of loops, blocks, buffers, block iteration variables and lets are unique in a function. Nodes are readonly:
 * a rewrite that changes nothing returns the same object. Buffers are row-major and contiguous; distinct buffers do
 * not alias. A function writes every element of its outputs.
 */
export interface TensorFunc {
  readonly name: string;
  /** Symbols that are known only when the kernel is called, as i32 variables of the same name. */
  readonly sizes: readonly string[];
  readonly inputs: readonly Buffer[];
  readonly outputs: readonly Buffer[];
  readonly temps: readonly Buffer[];
  readonly body: Stmt;
}

/**
 * `global` is linear memory, `thread` a part of it that each thread has for itself, `workgroup` a GPU's shared memory,
 * `local` registers of one thread.
 */
export type Scope = 'global' | 'thread' | 'workgroup' | 'local';

export interface Buffer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly scope: Scope;
}

export type LoopKind = 'serial' | 'parallel' | 'vectorized' | 'unrolled' | ThreadAxis;
export type ThreadAxis = `${'workgroup' | 'invocation'}.${'x' | 'y' | 'z'}`;

export type Stmt = For | Block | Store | Seq | If | Let | Assign;

/** Runs `body` for `loopVar` = 0 … extent-1. */
export interface For {
  readonly kind: 'for';
  readonly loopVar: string;
  readonly loopKind: LoopKind;
  readonly extent: Expr;
  readonly annotations?: Annotations;
  readonly body: Stmt;
}

export type Annotations = Readonly<Record<string, string | number | boolean>>;

/**
 * A unit of computation over iteration variables, each bound to an expression of the loops around it. An instance runs
 * where `predicate` holds (over the loops' variables); `init` runs before `body` on the instances in which every
 * reduce variable is 0. A block's body holds no other block.
 */
export interface Block {
  readonly kind: 'block';
  readonly name: string;
  readonly iters: readonly Iter[];
  readonly predicate?: Expr;
  readonly init?: Stmt;
  readonly annotations?: Annotations;
  readonly body: Stmt;
}

export interface Iter {
  readonly name: string;
  readonly kind: 'spatial' | 'reduce';
  readonly extent: Dim;
  readonly value: Expr;
}

export interface Store {
  readonly kind: 'store';
  readonly buffer: string;
  readonly indices: readonly Expr[];
  readonly value: Expr;
}

export interface Seq {
  readonly kind: 'seq';
  readonly stmts: readonly Stmt[];
}

export interface If {
  readonly kind: 'if';
  readonly cond: Expr;
  readonly then: Stmt;
  readonly else?: Stmt;
}

/** Names a value inside `body`. A `mutable` let is a register that `assign` changes. */
export interface Let {
  readonly kind: 'let';
  readonly name: string;
  readonly mutable: boolean;
  readonly value: Expr;
  readonly body: Stmt;
}

export interface Assign {
  readonly kind: 'assign';
  readonly name: string;
  readonly value: Expr;
}

/**
 * Expressions have no effect and every part of one is evaluated, but for `select`, which evaluates only the chosen
 * side's loads. Each carries the dtype of its elements; `lanes` (see typing.ts) is derived. Indices and sizes are i32.
 */
export type Expr = Const | Var | Load | Unary | Binary | Dot | Select | Cast | Bitcast | Ramp | Broadcast | Extract;

export interface Const {
  readonly kind: 'const';
  readonly dtype: DType;
  readonly value: Scalar;
}

/** A loop variable, block iteration variable, size or let. */
export interface Var {
  readonly kind: 'var';
  readonly dtype: DType;
  readonly name: string;
  /** More than 1 only for a let that holds a vector. */
  readonly lanes: number;
}

/** Where the last index is a ramp, a vector of neighbouring elements; where any index is another vector, a gather. */
export interface Load {
  readonly kind: 'load';
  readonly dtype: DType;
  readonly buffer: string;
  readonly indices: readonly Expr[];
}

export interface Unary {
  readonly kind: 'unary';
  readonly dtype: DType;
  readonly op: UnaryOp;
  readonly operand: Expr;
}

export interface Binary {
  readonly kind: 'binary';
  readonly dtype: DType;
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
}

/** The sums of neighbouring products of two i16 vectors: `left[2l] * right[2l] + left[2l+1] * right[2l+1]` in lane l, as i32. */
export interface Dot {
  readonly kind: 'dot';
  readonly dtype: DType;
  readonly left: Expr;
  readonly right: Expr;
}

export interface Select {
  readonly kind: 'select';
  readonly dtype: DType;
  readonly cond: Expr;
  readonly then: Expr;
  readonly else: Expr;
}

export interface Cast {
  readonly kind: 'cast';
  readonly dtype: DType;
  readonly operand: Expr;
}

/** The same bits read as another dtype of the same width. */
export interface Bitcast {
  readonly kind: 'bitcast';
  readonly dtype: DType;
  readonly operand: Expr;
}

/** The vector base, base+1, … base+lanes-1. */
export interface Ramp {
  readonly kind: 'ramp';
  readonly dtype: DType;
  readonly base: Expr;
  readonly lanes: number;
}

/** One scalar in every lane, or a shorter vector again and again. */
export interface Broadcast {
  readonly kind: 'broadcast';
  readonly dtype: DType;
  readonly value: Expr;
  readonly lanes: number;
}

/** One lane of a vector, counted from 0. */
export interface Extract {
  readonly kind: 'extract';
  readonly dtype: DType;
  readonly vector: Expr;
  readonly lane: number;
}
