import { invariant } from '../../ir/errors.ts';
import { add, binary, int, mul, sub, variable } from '../../ir/tensor/build.ts';
import type { Expr, For, Let, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, substitute } from '../../ir/tensor/visit.ts';
import { type FreshName, freshNames } from './names.ts';
import { type ParallelRange, parallelRange } from './parallel-range.ts';

/** The sizes that a divided kernel takes: which share it is to run, counted from 0, and how many there are. */
const sizes = ['part', 'parts'] as const;

/**
 * Lets a kernel in flat form that is one parallel loop run a share of its iterations: of N, the share p of P begins with
 * iteration ⌊p · N / P⌋. What partition-loops cut the loop into is shared as the whole was. A kernel
 * that has no parallel loop on the outside is left as it is.
 *
 *   func @f(…) -> (…) { for i in 64 parallel { S } }
 *   func @f<part, parts>(…) -> (…) { let begin = … { let end = … { for i in end - begin { S with i = i + begin } } } }
 */
export function divideParallel(func: TensorFunc): TensorFunc {
  const range = rangeOf(func.body);
  if (range === undefined) return func;
  const fresh = freshNames(func);
  const [part, parts] = sizes.map((size) => fresh(size)) as [string, string];
  const [begin, end] = [fresh('begin'), fresh('end')];
  const bounds = {
    begin: variable(begin),
    end: variable(end),
    fresh,
  };
  const body = divide(func.body, bounds);
  const shareEnd = letIn(end, boundary(range.of, add(variable(part), int(1)), variable(parts)), body);
  return {
    ...func,
    sizes: [...func.sizes, part, parts],
    body: letIn(begin, boundary(range.of, variable(part), variable(parts)), shareEnd),
  };
}

/** Whether a kernel in flat form can be shared. */
export const isDivisible = (func: TensorFunc): boolean => rangeOf(func.body) !== undefined;

/** The range of the parallel loop that stands under no other. */
function rangeOf(stmt: Stmt): ParallelRange | undefined {
  if (stmt.kind === 'for') return stmt.loopKind === 'parallel' ? parallelRange(stmt) : undefined;
  if (stmt.kind === 'seq') return stmt.stmts.map(rangeOf).find((range) => range !== undefined);
  return stmt.kind === 'let' ? rangeOf(stmt.body) : undefined;
}

/** The iteration that a share begins with, by numbers that do not overflow: p · ⌊N / P⌋ + ⌊p · (N mod P) / P⌋. */
function boundary(extent: number, part: Expr, parts: Expr): Expr {
  const [whole, rest] = [binary('floordiv', int(extent), parts), binary('floormod', int(extent), parts)];
  return add(mul(part, whole), binary('floordiv', mul(part, rest), parts));
}

interface Bounds {
  readonly begin: Expr;
  readonly end: Expr;
  readonly fresh: FreshName;
}

function divide(stmt: Stmt, bounds: Bounds): Stmt {
  if (stmt.kind === 'for') return clip(stmt, bounds);
  invariant(stmt.kind === 'seq' || stmt.kind === 'let', 'what threads share stands in a parallel loop');
  return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => divide(child, bounds) });
}

/** The iterations of a part of the loop that belong to the share. */
function clip(loop: For, { begin, end, fresh }: Bounds): Stmt {
  const range = parallelRange(loop);
  const { extent } = loop;
  invariant(loop.loopKind === 'parallel' && range !== undefined, `loop ${loop.loopVar} is shared by threads`);
  const name = fresh(`${loop.loopVar}_begin`);
  const first = variable(name);
  const last = binary('min', sub(end, int(range.from)), extent);
  const shifted = new Map([[loop.loopVar, add(variable(loop.loopVar), first)]]);
  const { annotations: _, ...rest } = loop;
  const share: For = { ...rest, loopKind: 'serial', extent: sub(last, first), body: substitute(loop.body, shifted) };
  return letIn(name, binary('max', sub(begin, int(range.from)), int(0)), share);
}

const letIn = (name: string, value: Expr, body: Stmt): Let => ({ kind: 'let', name, mutable: false, value, body });
