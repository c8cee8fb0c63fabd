import { printDim } from '../dim.ts';
import { assertNever } from '../errors.ts';
import { type BinaryOp, comparisons } from '../scalar.ts';
import type { Annotations, Block, Buffer, Expr, For, Iter, Let, Stmt, TensorFunc } from '../tensor/tensor-func.ts';
import { lanesOf } from '../tensor/typing.ts';
import { infix } from './infix.ts';
import { printName, printNumber, printScalar } from './print-atoms.ts';

/**
 * The textual syntax of the loop-level IR:
 *
 *   func @matmul(seq)(%A: f32[seq, 64], %B: f32[64, 32]) -> (%C: f32[seq, 32]) {
 *     temp %acc: f32[4, 8] local
 *     for i in seq {
 *       for j in 32 parallel {
 *         for k in 64 {
 *           block C(vi: spatial(seq) = i, vj: spatial(32) = j, vk: reduce(64) = k) {
 *             init {
 *               %C[vi, vj] = 0f32
 *             }
 *             %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
 *           }
 *         }
 *       }
 *     }
 *   }
 *
 * `let x = …` names a value in the rest of its braces; one with statements after its body has braces of its own, `let
 * x = … { … }`. A sequence that is not the whole of a body, or that holds a single statement, is written `do { … }`.
 */
export function printTensorFunc(func: TensorFunc): string {
  const sizes = func.sizes.length === 0 ? '' : `(${func.sizes.map((size) => printName('', size)).join(', ')})`;
  const head = `func ${printName('@', func.name)}${sizes}(${func.inputs.map(printParam).join(', ')}) -> (${func.outputs.map(printParam).join(', ')}) {`;
  const temps = func.temps.map((temp) => `  temp ${printParam(temp)} ${temp.scope}`);
  const lines = [head, ...temps];
  pushBody(lines, func.body, '  ');
  lines.push('}', '');
  return lines.join('\n');
}

const printParam = (buffer: Buffer): string =>
  `${printName('%', buffer.name)}: ${buffer.dtype}[${buffer.shape.map(printDim).join(', ')}]`;

/** The lines of a statement, as they stand in a func. */
export function printStmt(stmt: Stmt, indent = ''): readonly string[] {
  const lines: string[] = [];
  pushBody(lines, stmt, indent);
  return lines;
}

/** What stands in one pair of braces: a single statement, or those of a sequence. */
const listed = (body: Stmt): readonly Stmt[] => (body.kind === 'seq' && body.stmts.length !== 1 ? body.stmts : [body]);

function pushBody(lines: string[], body: Stmt, indent: string): void {
  pushList(lines, listed(body), indent);
}

/** A let that stands last has no braces: all that follows is in its body. So deep chains of lets are flat. */
function pushList(lines: string[], list: readonly Stmt[], indent: string): void {
  let rest = list;
  for (let last = rest.at(-1); last?.kind === 'let'; last = rest.at(-1)) {
    for (const stmt of rest.slice(0, -1)) pushStmt(lines, stmt, indent);
    lines.push(`${indent}${printLetHead(last)}`);
    rest = listed(last.body);
  }
  for (const stmt of rest) pushStmt(lines, stmt, indent);
}

function pushStmt(lines: string[], stmt: Stmt, indent: string): void {
  switch (stmt.kind) {
    case 'for':
      return pushBraces(lines, printForHead(stmt), stmt.body, indent);
    case 'block':
      return pushBlock(lines, stmt, indent);
    case 'store':
      lines.push(`${indent}${printAccess(stmt.buffer, stmt.indices)} = ${printExpr(stmt.value)}`);
      return;
    case 'seq':
      lines.push(`${indent}do {`);
      pushList(lines, stmt.stmts, `${indent}  `);
      lines.push(`${indent}}`);
      return;
    case 'if':
      pushBraces(lines, `if ${printExpr(stmt.cond)}`, stmt.then, indent);
      if (stmt.else === undefined) return;
      lines.pop();
      return pushBraces(lines, '} else', stmt.else, indent);
    case 'let':
      return pushBraces(lines, printLetHead(stmt), stmt.body, indent);
    case 'assign':
      lines.push(`${indent}${printName('', stmt.name)} := ${printExpr(stmt.value)}`);
      return;
    default:
      return assertNever(stmt);
  }
}

function pushBraces(lines: string[], head: string, body: Stmt, indent: string): void {
  lines.push(`${indent}${head} {`);
  pushBody(lines, body, `${indent}  `);
  lines.push(`${indent}}`);
}

function printForHead({ loopVar, extent, loopKind, annotations }: For): string {
  const kind = loopKind === 'serial' ? '' : ` ${loopKind}`;
  return `for ${printName('', loopVar)} in ${printExpr(extent)}${kind}${printAnnotations(annotations)}`;
}

const printLetHead = ({ mutable, name, value }: Let): string =>
  `${mutable ? 'var' : 'let'} ${printName('', name)} = ${printExpr(value)}`;

function pushBlock(lines: string[], block: Block, indent: string): void {
  const where = block.predicate === undefined ? '' : ` where ${printExpr(block.predicate)}`;
  const head = `block ${printName('', block.name)}(${block.iters.map(printIter).join(', ')})${where}${printAnnotations(block.annotations)}`;
  lines.push(`${indent}${head} {`);
  if (block.init !== undefined) pushBraces(lines, 'init', block.init, `${indent}  `);
  pushBody(lines, block.body, `${indent}  `);
  lines.push(`${indent}}`);
}

const printIter = (iter: Iter): string =>
  `${printName('', iter.name)}: ${iter.kind}(${printDim(iter.extent)}) = ${printExpr(iter.value)}`;

function printAnnotations(annotations: Annotations | undefined): string {
  if (annotations === undefined) return '';
  const entries = Object.entries(annotations).map(
    ([key, value]) =>
      `${printName('', key)} = ${typeof value === 'number' ? printNumber(value) : JSON.stringify(value)}`,
  );
  return ` {${entries.join(', ')}}`;
}

const printAccess = (buffer: string, indices: readonly Expr[]): string =>
  `${printName('%', buffer)}[${indices.map((index) => printExpr(index)).join(', ')}]`;

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
      return printAccess(expr.buffer, expr.indices);
    case 'unary':
      return `${expr.op}(${printExpr(expr.operand)})`;
    case 'binary':
      return printBinary(expr.op, expr.left, expr.right, context);
    case 'dot':
      return `dot(${printExpr(expr.left)}, ${printExpr(expr.right)})`;
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

function printBinary(op: BinaryOp, left: Expr, right: Expr, context: number): string {
  const row = infix.get(op);
  if (row === undefined) return `${op}(${printExpr(left)}, ${printExpr(right)})`;
  const { symbol, precedence } = row;
  const leftContext = comparisons.has(op) ? precedence + 1 : precedence;
  const text = `${printExpr(left, leftContext)} ${symbol} ${printExpr(right, precedence + 1)}`;
  return precedence < context ? `(${text})` : text;
}

/** The type of an expression as messages name it: `f32`, `f32x4`. */
export function printType(expr: Expr): string {
  const lanes = lanesOf(expr);
  return lanes === 1 ? expr.dtype : `${expr.dtype}x${lanes}`;
}
