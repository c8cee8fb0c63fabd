import { isStatic } from '../../ir/dim.ts';
import { boundsOf } from '../../ir/tensor/bounds.ts';
import { add, dimExpr, floordiv, int } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { addIntervals, point, scaleInterval } from '../../ir/tensor/interval.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr, For, Iter } from '../../ir/tensor/tensor-func.ts';
import { type DigitSum, type Digits, type DigitTerm, digitize } from './digits.ts';
import { loopRanges } from './extents.ts';
import { conjuncts } from './iters.ts';
import type { BlockSite } from './nests.ts';

/**
 * Whether a block runs for every value of its iteration variables: the loops lead through all of them, and the
 * predicate cuts off only what lies outside of their extents.
 */
export const runsForAll = (site: BlockSite): boolean =>
  isOnto(site) && conjuncts(site.block.predicate).every((part) => isOverrun(part, site));

/**
 * Whether a part of a block's predicate cuts off only what lies outside of the extents of its iteration variables: the
 * overrun of a split, or of a region that reaches over a border.
 */
export function isOverrun(part: Expr, { block, loops }: BlockSite): boolean {
  const ranges = loopRanges(loops);
  return block.iters.some((iter) => followsFrom(part, iter));

  function followsFrom(part: Expr, { value, extent }: Iter): boolean {
    if (part.kind !== 'binary') return false;
    const [left, right] = [part.left, part.right];
    if (part.op === 'ge' && isZero(right)) return isSame(left, value);
    if (part.op === 'le' && isZero(left)) return isSame(right, value);
    if (part.op === 'lt' && isSame(left, value) && isSame(right, dimExpr(extent))) return true;
    if (part.op !== 'lt' || right.kind !== 'const' || !isStatic(extent)) return false;
    const factor = factorOf(value, left);
    // value = factor * left + rest with 0 <= rest < factor: below its extent, left is at most (extent - 1) / factor.
    return factor !== undefined && Math.floor((extent - 1) / factor) < Number(right.value);
  }

  function isSame(a: Expr, b: Expr): boolean {
    return exprKey(simplify(a, ranges)) === exprKey(simplify(b, ranges));
  }

  function factorOf(value: Expr, part: Expr): number | undefined {
    const [whole, small] = [linearOf(simplify(value, ranges)), linearOf(simplify(part, ranges))];
    const [key, first] = [...small.terms][0] ?? [];
    const factor =
      key === undefined || first === undefined ? 0 : (whole.terms.get(key)?.coefficient ?? 0) / first.coefficient;
    if (!Number.isInteger(factor) || factor < 1) return undefined;
    const isMultiple = [...small.terms].every(([k, t]) => whole.terms.get(k)?.coefficient === factor * t.coefficient);
    const rest = [...whole.terms]
      .filter(([k]) => !small.terms.has(k))
      .map(([, { atom, coefficient }]) => scaleInterval(boundsOf(atom, ranges), coefficient))
      .reduce(addIntervals, point(whole.constant - factor * small.constant));
    return isMultiple && rest.min >= 0 && rest.max < factor ? factor : undefined;
  }
}

const isZero = (expr: Expr): boolean => expr.kind === 'const' && Number(expr.value) === 0;

/** Whether the loops around a block lead its iteration variables through every combination of their values. */
function isOnto({ block, loops }: BlockSite): boolean {
  const digits = digitize(
    block.iters.map((iter) => iter.value),
    loopRanges(loops),
  );
  const keys = digits.sums.flatMap((sum) => (sum === undefined ? [] : [...sum.terms.keys()]));
  const independent = new Set(keys).size === keys.length;
  return independent && block.iters.every((iter, i) => reachesAll(iter, digits.sums[i], digits, loops));
}

/** Whether digits take every value from 0 to the extent: each weighs no more than those below it reach, plus 1. */
function reachesAll({ extent }: Iter, sum: DigitSum | undefined, digits: Digits, loops: readonly For[]): boolean {
  if (sum === undefined || sum.constant > 0) return false;
  let [low, high] = [sum.constant, sum.constant];
  const rising = [...sum.terms.values()].toSorted((a, b) => a.coefficient - b.coefficient);
  for (const term of rising) {
    const { min, max } = digits.rangeOf(term.digit);
    if (term.coefficient < 0 || term.coefficient > high - low + 1) return false;
    if (max === Infinity)
      return low >= 0 && low + min <= 0 && term === rising.at(-1) && reachesSymbolic(term, extent, loops);
    [low, high] = [low + term.coefficient * min, high + term.coefficient * max];
  }
  return isStatic(extent) && low <= 0 && high >= extent - 1;
}

/** A loop of symbolic extent n is whole, or has been split by its coefficient: its extent is n / coefficient, rounded up. */
function reachesSymbolic({ digit, coefficient }: DigitTerm, extent: Iter['extent'], loops: readonly For[]): boolean {
  const loop = loops.find(({ loopVar }) => loopVar === digit.source);
  const wanted = floordiv(add(dimExpr(extent), int(coefficient - 1)), int(coefficient));
  return loop !== undefined && digit.from === 1 && exprKey(simplify(loop.extent)) === exprKey(simplify(wanted));
}
