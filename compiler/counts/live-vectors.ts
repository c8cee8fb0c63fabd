import { assertNever } from '../../ir/errors.ts';
import type { Expr, Stmt } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapExprChildren, walkExpr } from '../../ir/tensor/visit.ts';
import type { Target } from '../../schedules/target/target.ts';
import { fusedProduct } from '../codegen/wasm/multiply-add.ts';

/**
 * The most vectors that are alive at once in a round of a loop (MaxLive), with one operation after the other as they are
 * written, each of whose results may take the register of an operand that it is the last to read. What the loop reads
 * or changes but does not define, and constants, live for the whole round. Branches count as if both were run.
 */
export function mostVectorsAlive(body: Stmt, target: Target): number {
  const round: Round = { target, now: 0, defined: new Map(), lasting: new Set(), results: [] };
  run(round, body);
  return round.lasting.size + mostAtOnce([...round.defined.values(), ...round.results]);
}

/** A value in a vector register, from the operation that makes it to the last one that reads it. */
interface Life {
  readonly from: number;
  to: number;
}

interface Round {
  readonly target: Target;
  /** The number of the present operation. */
  now: number;
  /** By the name of a let. */
  readonly defined: Map<string, Life>;
  /** What lives for the whole round. */
  readonly lasting: Set<string>;
  /** Results of operations that have no name. */
  readonly results: Life[];
}

/** What holds the value of an expression, where that is a vector. */
type Held = string | Life | undefined;

function run(round: Round, stmt: Stmt): void {
  switch (stmt.kind) {
    case 'let':
      read(round, evaluate(round, stmt.value));
      if (lanesOf(stmt.value) > 1) round.defined.set(stmt.name, { from: round.now, to: round.now });
      return run(round, stmt.body);
    case 'assign':
      read(round, evaluate(round, stmt.value));
      return lanesOf(stmt.value) > 1 ? read(round, stmt.name) : undefined;
    case 'store':
      return operate(round, [...vectorsInIndices(stmt.indices), evaluate(round, stmt.value)]);
    case 'if':
      read(round, evaluate(round, stmt.cond));
      run(round, stmt.then);
      return stmt.else === undefined ? undefined : run(round, stmt.else);
    case 'seq':
      for (const child of stmt.stmts) run(round, child);
      return;
    case 'for':
    case 'block':
      return run(round, stmt.body);
    default:
      return assertNever(stmt);
  }
}

function evaluate(round: Round, expr: Expr): Held {
  if (expr.kind === 'var') return expr.lanes > 1 ? expr.name : undefined;
  if (expr.kind === 'broadcast' && expr.value.kind === 'const') return constantName(expr.dtype, expr.value.value);
  const operands = operandsOf(round, expr);
  operate(round, operands);
  if (lanesOf(expr) === 1) return undefined;
  const result: Life = { from: round.now, to: round.now };
  round.results.push(result);
  return result;
}

/** A fused operation takes both factors and the addend. */
function operandsOf(round: Round, expr: Expr): readonly Held[] {
  if (expr.kind === 'load') return vectorsInIndices(expr.indices);
  const fused = round.target.fusedMultiplyAdd ? fusedProduct(expr) : undefined;
  if (fused !== undefined)
    return [fused.product.left, fused.product.right, fused.addend].map((operand) => evaluate(round, operand));
  const operands: Held[] = [];
  mapExprChildren(expr, (child) => {
    operands.push(evaluate(round, child));
    return child;
  });
  return operands;
}

function operate(round: Round, operands: readonly Held[]): void {
  round.now++;
  for (const operand of operands) read(round, operand);
}

function read({ now, defined, lasting }: Round, held: Held): void {
  if (held === undefined) return;
  const life = typeof held === 'string' ? defined.get(held) : held;
  if (life !== undefined) life.to = now;
  else if (typeof held === 'string') lasting.add(held);
}

/** Indices become addresses, one for all lanes or one a lane, and take no vectors but those that they read from. */
function vectorsInIndices(indices: readonly Expr[]): Held[] {
  const names: string[] = [];
  for (const index of indices) {
    walkExpr(index, (node) => {
      if (node.kind === 'var' && node.lanes > 1) names.push(node.name);
    });
  }
  return names;
}

/** The same for equal constants; no name of the IR begins like this. */
const constantName = (dtype: string, value: number | bigint): string =>
  `=${dtype} ${Object.is(value, -0) ? '-0' : value}`;

function mostAtOnce(lives: readonly Life[]): number {
  const changes = new Map<number, number>();
  const change = (at: number, by: number) => changes.set(at, (changes.get(at) ?? 0) + by);
  for (const { from, to } of lives) {
    change(from, 1);
    change(to, -1);
  }
  let [alive, most] = [0, 0];
  for (const [, by] of [...changes].sort(([a], [b]) => a - b)) {
    alive += by;
    most = Math.max(most, alive);
  }
  return most;
}
