import { isStatic } from '../../ir/dim.ts';
import { boundsOf, type Ranges } from '../../ir/tensor/bounds.ts';
import { add, dimExpr, floordiv, int } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { addIntervals, type Interval, point, scaleInterval } from '../../ir/tensor/interval.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr, For, Iter } from '../../ir/tensor/tensor-func.ts';
import { type Digit, type DigitSum, type Digits, type DigitTerm, digitize } from './digits.ts';
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
  return areIndependent(digits) && block.iters.every((iter, i) => reachesAll(iter, digits.sums[i], digits, loops));
}

/** Whether no digit stands in two of the sums, and every sum that is a source of its own takes all values in its range. */
function areIndependent({ sums, wholes, ...digits }: Digits): boolean {
  const used = new Set(sums.flatMap((sum) => [...(sum?.terms.values() ?? [])].map(({ digit }) => digit.source)));
  const inside = [...wholes].filter(([source]) => used.has(source)).map(([, sum]) => sum);
  const keys = [...sums, ...inside].flatMap((sum) => [...(sum?.terms.keys() ?? [])]);
  const areWhole = inside.every(
    (sum) => sum.constant === 0 && isDense([...sum.terms.values()], { sums, wholes, ...digits }),
  );
  return areWhole && new Set(keys).size === keys.length;
}

/** Whether digits take every value from 0 to the extent: each weighs no more than those below it reach, plus 1. */
function reachesAll({ extent }: Iter, sum: DigitSum | undefined, digits: Digits, loops: readonly For[]): boolean {
  if (sum === undefined || sum.constant > 0) return false;
  let [low, high] = [sum.constant, sum.constant];
  const rising = [...sum.terms.values()].toSorted((a, b) => a.coefficient - b.coefficient);
  for (const term of rising) {
    const { min, max } = freeRange(term.digit, digits);
    if (term.coefficient < 0 || term.coefficient > high - low + 1) return false;
    if (max === Infinity)
      return low >= 0 && low + min <= 0 && term === rising.at(-1) && reachesSymbolic(term, extent, loops);
    [low, high] = [low + term.coefficient * min, high + term.coefficient * max];
  }
  return isStatic(extent) && low <= 0 && high >= extent - 1;
}

/**
 * Whether accesses at these indices touch every element of the box that their bounds span, as the variables that are
 * not fixed run through their ranges.
 */
export function fillsBox(indices: readonly Expr[], ranges: Ranges, fixed: ReadonlySet<string>): boolean {
  const all = digitize(indices, ranges);
  const free = all.sums.map((sum) => [...(sum?.terms.values() ?? [])].filter(({ digit }) => !fixed.has(digit.source)));
  const digits = free.flat().map(({ digit }) => digit);
  const keys = digits.map(({ source, from }) => `${source}/${from}`);
  const isWhole = digits.every((d) => !all.wholes.has(d.source) && freeRange(d, all).max === all.rangeOf(d).max);
  if (all.sums.includes(undefined) || new Set(keys).size !== keys.length) return false;
  return isWhole && free.every((terms) => isDense(terms, all));
}

/** The values that a digit takes whatever the other digits of its source are: of 10 = 2 · 4 + 2, the upper one is only 0 or 1. */
function freeRange(digit: Digit, digits: Digits): Interval {
  const { min, max } = digits.rangeOf(digit);
  const last = digits.rangeOf({ ...digit, from: 1, to: Infinity }).max;
  if (digit.from === 1 || max === 0 || last === Infinity) return { min, max };
  return { min, max: Math.min(max, Math.floor((last + 1) / digit.from) - 1) };
}

function isDense(terms: readonly DigitTerm[], digits: Digits): boolean {
  let width = 1;
  for (const { digit, coefficient } of terms.toSorted((a, b) => a.coefficient - b.coefficient)) {
    const { min, max } = freeRange(digit, digits);
    if (coefficient < 0 || coefficient > width || !Number.isFinite(max - min)) return false;
    width += coefficient * (max - min);
  }
  return true;
}

/** A loop of symbolic extent n is whole, or has been split by its coefficient: its extent is n / coefficient, rounded up. */
function reachesSymbolic({ digit, coefficient }: DigitTerm, extent: Iter['extent'], loops: readonly For[]): boolean {
  const loop = loops.find(({ loopVar }) => loopVar === digit.source);
  const wanted = floordiv(add(dimExpr(extent), int(coefficient - 1)), int(coefficient));
  return loop !== undefined && digit.from === 1 && exprKey(simplify(loop.extent)) === exprKey(simplify(wanted));
}
