import { byteSize, isFloat } from '../../ir/dtype.ts';
import { assertNever, invariant } from '../../ir/errors.ts';
import type { BinaryOp, UnaryOp } from '../../ir/scalar.ts';
import { boundsOf, type Ranges } from '../../ir/tensor/bounds.ts';
import { isIndex } from '../../ir/tensor/linear.ts';
import type { Expr, For, Load, Stmt, Store } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapExprChildren, walkExpr } from '../../ir/tensor/visit.ts';
import type { Target } from '../../schedules/target/target.ts';
import { fusedProduct } from '../codegen/wasm/multiply-add.ts';
import { DOT_LANES } from '../codegen/wasm/value-type.ts';
import { addCounts, type Counts, maxCounts, noCounts, scaleCounts } from './counts.ts';

/** What a statement executes, and how many bytes of each buffer it accesses, an element as often as it is accessed. */
export interface Tally {
  readonly counts: Counts;
  readonly accessed: ReadonlyMap<string, number>;
}

const nothing: Tally = { counts: noCounts, accessed: new Map() };

/** Of a condition that is not known, the branch that executes more is counted. */
export function tallyOf(stmt: Stmt, ranges: Ranges, target: Target): Tally {
  switch (stmt.kind) {
    case 'seq':
      return stmt.stmts.map((child) => tallyOf(child, ranges, target)).reduce(addTallies, nothing);
    case 'for': {
      const round = tallyOf(stmt.body, rangesInside(stmt, ranges), target);
      return addTallies(tallyOfExpr(stmt.extent, target), scaleTally(round, roundsOf(stmt, ranges)));
    }
    case 'if': {
      const otherwise = stmt.else === undefined ? nothing : tallyOf(stmt.else, ranges, target);
      return addTallies(
        tallyOfExpr(stmt.cond, target),
        merge(tallyOf(stmt.then, ranges, target), otherwise, maxCounts, Math.max),
      );
    }
    case 'let':
      return addTallies(tallyOfExpr(stmt.value, target), tallyOf(stmt.body, rangesInside(stmt, ranges), target));
    case 'assign':
      return tallyOfExpr(stmt.value, target);
    case 'store':
      return [tallyOfExpr(stmt.value, target), ...stmt.indices.map(tallyOfIndex), tallyOfStore(stmt)].reduce(
        addTallies,
      );
    case 'block':
      invariant(false, `the block ${stmt.name} is counted before it is lowered`);
    default:
      return assertNever(stmt);
  }
}

/** The product and the sum, which are counted one by one, are one instruction. */
const oneFewer: Tally = { counts: addCounts(noCounts, { vectorOps: -1 }), accessed: nothing.accessed };

/** The most rounds that a loop has. */
export function roundsOf({ loopVar, extent }: For, ranges: Ranges): number {
  const { max } = boundsOf(extent, ranges);
  invariant(Number.isFinite(max), `the loop ${loopVar}, which is counted, has no bound`);
  return Math.max(max, 0);
}

/** What is known of the variables where the children of a statement stand. */
export function rangesInside(stmt: Stmt, ranges: Ranges): Ranges {
  if (stmt.kind === 'for')
    return new Map(ranges).set(stmt.loopVar, { min: 0, max: Math.max(roundsOf(stmt, ranges) - 1, 0) });
  if (stmt.kind !== 'let' || stmt.mutable || !isIndex(stmt.value)) return ranges;
  return new Map(ranges).set(stmt.name, boundsOf(stmt.value, ranges));
}

const addNumbers = (a: number, b: number): number => a + b;
const addTallies = (a: Tally, b: Tally): Tally => merge(a, b, addCounts, addNumbers);

function merge(
  a: Tally,
  b: Tally,
  counts: (a: Counts, b: Counts) => Counts,
  bytes: (a: number, b: number) => number,
): Tally {
  if (b === nothing) return a;
  const accessed = new Map(a.accessed);
  for (const [buffer, more] of b.accessed) accessed.set(buffer, bytes(accessed.get(buffer) ?? 0, more));
  return { counts: counts(a.counts, b.counts), accessed };
}

const scaleTally = ({ counts, accessed }: Tally, times: number): Tally => ({
  counts: scaleCounts(counts, times),
  accessed: new Map([...accessed].map(([buffer, bytes]) => [buffer, bytes * times])),
});

function tallyOfExpr(expr: Expr, target: Target): Tally {
  let tally = tallyOfNode(expr);
  if (target.fusedMultiplyAdd && fusedProduct(expr)) tally = addTallies(tally, oneFewer);
  mapExprChildren(expr, (node) => {
    tally = addTallies(tally, expr.kind === 'load' ? tallyOfIndex(node) : tallyOfExpr(node, target));
    return node;
  });
  return tally;
}

/** Indices become addresses, which cost as the code generator forms them: only what they load is counted here. */
function tallyOfIndex(index: Expr): Tally {
  let tally = nothing;
  walkExpr(index, (node) => {
    if (node.kind === 'load') tally = addTallies(tally, tallyOfLoad(node));
  });
  return tally;
}

function tallyOfNode(expr: Expr): Tally {
  if (expr.kind === 'load') return tallyOfLoad(expr);
  if (isFree(expr)) return nothing;
  const lanes = lanesOf(expr);
  const isVector = lanes > 1 || expr.kind === 'extract';
  const flops = isFloatArithmetic(expr) ? lanes : 0;
  return {
    counts: addCounts(noCounts, isVector ? { vectorOps: 1, flops } : { scalarOps: 1, flops }),
    accessed: nothing.accessed,
  };
}

/**
 * Constants stand in registers, and what is loaded into every lane, or widened for `dot`, takes no instruction but the load.
 */
const isFree = (expr: Expr): boolean =>
  expr.kind === 'const' ||
  expr.kind === 'var' ||
  expr.kind === 'bitcast' ||
  (expr.kind === 'broadcast' && (expr.value.kind === 'const' || expr.value.kind === 'load')) ||
  (expr.kind === 'cast' && expr.operand.kind === 'load' && lanesOf(expr) === DOT_LANES);

const arithmetic: ReadonlySet<BinaryOp | UnaryOp> = new Set(['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt']);

const isFloatArithmetic = (expr: Expr): boolean =>
  (expr.kind === 'unary' || expr.kind === 'binary') && isFloat(expr.dtype) && arithmetic.has(expr.op);

function tallyOfLoad({ buffer, dtype, indices }: Load): Tally {
  const bytes = elementsOf(indices) * byteSize(dtype);
  return {
    counts: addCounts(noCounts, { loads: accessesOf(indices), loadedBytes: bytes }),
    accessed: new Map([[buffer, bytes]]),
  };
}

function tallyOfStore({ buffer, value, indices }: Store): Tally {
  const bytes = elementsOf(indices) * byteSize(value.dtype);
  return {
    counts: addCounts(noCounts, { stores: accessesOf(indices), storedBytes: bytes }),
    accessed: new Map([[buffer, bytes]]),
  };
}

const elementsOf = (indices: readonly Expr[]): number => Math.max(1, ...indices.map(lanesOf));
/** Neighbours are accessed by one instruction, other elements by one each. */
const accessesOf = (indices: readonly Expr[]): number => (indices.at(-1)?.kind === 'ramp' ? 1 : elementsOf(indices));
