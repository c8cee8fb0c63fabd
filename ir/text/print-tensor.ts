import { printDim } from '../dim.ts';
import type { Block, Buffer, Expr, Iter, Stmt, TensorFunc } from '../tensor/tensor-func.ts';
import { lanesOf } from '../tensor/typing.ts';
import { printName, printScalar } from './print-atoms.ts';

/**
 * The textual syntax of the loop-level IR:
 *
 *   func @matmul(seq)(%A: f32[seq, 64], %B: f32[64, 32]) -> (%C: f32[seq, 32]) {
 *     temp %acc: f32[4, 8] local
 *     for i in seq {
 *       for j in 32 parallel {
 *         for k in 64 {
 *           block C(vi: spatial(seq) = i, vj: spatial(32) = j, vk: reduce(64) = k) {
 *             init { %C[vi, vj] = 0f32 }
 *             %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
 *           }
 *         }
 *       }
 *     }
 *   }
 */
export function printTensorFunc(func: TensorFunc): string {
  const sizes = func.sizes.length === 0 ? '' : `(${func.sizes.map((size) => printName('', size)).join(', ')})`;
  const head = `func ${printName('@', func.name)}${sizes}(${func.inputs.map(printParam).join(', ')}) -> (${func.outputs.map(printParam).join(', ')}) {`;
  const temps = func.temps.map((temp) => `  temp ${printParam(temp)} ${temp.scope}`);
  return [head, ...temps, ...printStmt(func.body, '  '), '}', ''].join('\n');
}

const printParam = (buffer: Buffer): string =>
  `${printName('%', buffer.name)}: ${buffer.dtype}[${buffer.shape.map(printDim).join(', ')}]`;

export function printStmt(stmt: Stmt, indent = ''): readonly string[] {
  const inner = `${indent}  `;
  switch (stmt.kind) {
    case 'for': {
      const kind = stmt.loopKind === 'serial' ? '' : ` ${stmt.loopKind}`;
      const head = `for ${printName('', stmt.loopVar)} in ${printExpr(stmt.extent)}${kind}${printAnnotations(stmt.annotations)} {`;
      return [indent + head, ...printStmt(stmt.body, inner), `${indent}}`];
    }
    case 'block':
      return printBlock(stmt, indent);
    case 'store':
      return [`${indent}${printAccess(stmt.buffer, stmt.indices)} = ${printExpr(stmt.value)}`];
    case 'seq':
      return stmt.stmts.flatMap((child) => printStmt(child, indent));
    case 'if': {
      const otherwise = stmt.else === undefined ? [] : [`${indent}} else {`, ...printStmt(stmt.else, inner)];
      return [`${indent}if ${printExpr(stmt.cond)} {`, ...printStmt(stmt.then, inner), ...otherwise, `${indent}}`];
    }
    case 'let': {
      const head = `${indent}${stmt.mutable ? 'var' : 'let'} ${printName('', stmt.name)} = ${printExpr(stmt.value)} {`;
      return [head, ...printStmt(stmt.body, inner), `${indent}}`];
    }
    case 'assign':
      return [`${indent}${printName('', stmt.name)} := ${printExpr(stmt.value)}`];
  }
}

function printBlock(block: Block, indent: string): readonly string[] {
  const inner = `${indent}  `;
  const where = block.predicate === undefined ? '' : ` where ${printExpr(block.predicate)}`;
  const head = `block ${printName('', block.name)}(${block.iters.map(printIter).join(', ')})${where}${printAnnotations(block.annotations)} {`;
  const init = block.init === undefined ? [] : [`${inner}init {`, ...printStmt(block.init, `${inner}  `), `${inner}}`];
  return [indent + head, ...init, ...printStmt(block.body, inner), `${indent}}`];
}

const printIter = (iter: Iter): string =>
  `${printName('', iter.name)}: ${iter.kind}(${printDim(iter.extent)}) = ${printExpr(iter.value)}`;

function printAnnotations(annotations: Readonly<Record<string, string | number | boolean>> | undefined): string {
  if (annotations === undefined) return '';
  const entries = Object.entries(annotations).map(([key, value]) => `${printName('', key)} = ${JSON.stringify(value)}`);
  return ` {${entries.join(', ')}}`;
}

const printAccess = (buffer: string, indices: readonly Expr[]): string =>
  `${printName('%', buffer)}[${indices.map((index) => printExpr(index)).join(', ')}]`;

/** Infix operators with their precedence; all others print as calls, `floordiv(a, b)`. */
const infix: Readonly<Record<string, readonly [symbol: string, precedence: number]>> = {
  or: ['||', 1],
  and: ['&&', 2],
  eq: ['==', 3],
  ne: ['!=', 3],
  lt: ['<', 3],
  le: ['<=', 3],
  gt: ['>', 3],
  ge: ['>=', 3],
  add: ['+', 4],
  sub: ['-', 4],
  mul: ['*', 5],
  div: ['/', 5],
};

/**
 * Infix operators bind to the left; comparisons do not chain. i32 constants are plain (`3`), others carry their dtype
 * (`0.5f32`, `1bool`); variables of another type than an i32 scalar are written with it at each use: `x:f32x4`.
 */
export function printExpr(expr: Expr, context = 0): string {
  switch (expr.kind) {
    case 'const':
      return printScalar(expr.value, expr.dtype);
    case 'var':
      return `${printName('', expr.name)}${expr.dtype === 'i32' && expr.lanes === 1 ? '' : `:${expr.dtype}${expr.lanes === 1 ? '' : `x${expr.lanes}`}`}`;
    case 'load':
      return `${printAccess(expr.buffer, expr.indices)}`;
    case 'unary':
      return `${expr.op}(${printExpr(expr.operand)})`;
    case 'binary':
      return printBinary(expr.op, expr.left, expr.right, context);
    case 'select':
      return `select(${printExpr(expr.cond)}, ${printExpr(expr.then)}, ${printExpr(expr.else)})`;
    case 'cast':
    case 'bitcast':
      return `${expr.kind}<${expr.dtype}>(${printExpr(expr.operand)})`;
    case 'ramp':
      return `ramp<${expr.lanes}>(${printExpr(expr.base)})`;
    case 'broadcast':
      return `broadcast<${expr.lanes}>(${printExpr(expr.value)})`;
    case 'extract':
      return `extract<${expr.lane}>(${printExpr(expr.vector)})`;
  }
}

function printBinary(op: string, left: Expr, right: Expr, context: number): string {
  const row = infix[op];
  if (row === undefined) return `${op}(${printExpr(left)}, ${printExpr(right)})`;
  const [symbol, precedence] = row;
  const leftContext = precedence === 3 ? precedence + 1 : precedence;
  const text = `${printExpr(left, leftContext)} ${symbol} ${printExpr(right, precedence + 1)}`;
  return precedence < context ? `(${text})` : text;
}

/** The type of an expression as messages name it: `f32`, `f32x4`. */
export function printType(expr: Expr): string {
  const lanes = lanesOf(expr);
  return lanes === 1 ? expr.dtype : `${expr.dtype}x${lanes}`;
}
