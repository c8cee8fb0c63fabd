import type { Dim } from '../../ir/dim.ts';
import { isStatic } from '../../ir/dim.ts';
import { boundsOf, type Ranges } from '../../ir/tensor/bounds.ts';
import { int } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { addIntervals, hull, type Interval, point, scaleInterval } from '../../ir/tensor/interval.ts';
import { fromLinear, type Linear, linearOf, shiftLinear } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { readsMemory, variablesIn } from './extents.ts';

/** What accesses touch in one dimension: base + [offsets], the base over fixed variables; undefined is all of it. */
export type Span = { readonly base: Linear; readonly offsets: Interval } | undefined;

/** The indices of one dimension of some accesses, as fixed variables stay and all others run through their ranges. */
export function spanOf(indices: readonly Expr[], fixed: ReadonlySet<string>, ranges: Ranges): Span {
  const spans = indices.map((index) => spanOfIndex(index, fixed, ranges));
  return spans.slice(1).reduce(join, spans[0]);
}

function spanOfIndex(index: Expr, fixed: ReadonlySet<string>, ranges: Ranges): Span {
  const { constant, terms } = linearOf(simplify(index, ranges));
  const base: Linear = { constant: 0, terms: new Map([...terms].filter(([, { atom }]) => isFixed(atom, fixed))) };
  const offsets = [...terms.values()]
    .filter(({ atom }) => !isFixed(atom, fixed))
    .map(({ atom, coefficient }) => scaleInterval(boundsOf(atom, ranges), coefficient))
    .reduce(addIntervals, point(constant));
  return isFinite(offsets) ? { base, offsets } : undefined;
}

const isFixed = (atom: Expr, fixed: ReadonlySet<string>): boolean =>
  !readsMemory(atom) && [...variablesIn(atom)].every((name) => fixed.has(name));

const isFinite = ({ min, max }: Interval): boolean => Number.isFinite(min) && Number.isFinite(max);

const sameBase = (a: Linear, b: Linear): boolean => exprKey(fromLinear(a)) === exprKey(fromLinear(b));

function join(a: Span, b: Span): Span {
  if (a === undefined || b === undefined || !sameBase(a.base, b.base)) return undefined;
  return { base: a.base, offsets: hull(a.offsets, b.offsets) };
}

/** Whether one span holds all of another, in a dimension of this extent: what lies outside of the extent counts not. */
export function covers(outer: Span, inner: Span, extent: Dim): boolean {
  if (outer === undefined) return true;
  const isAll =
    outer.base.terms.size === 0 && isStatic(extent) && outer.offsets.min <= 0 && outer.offsets.max >= extent - 1;
  if (isAll) return true;
  if (inner === undefined || !sameBase(outer.base, inner.base)) return false;
  return outer.offsets.min <= inner.offsets.min && inner.offsets.max <= outer.offsets.max;
}

/** A span as its first index and a constant extent, or undefined where that is not less than the whole dimension. */
export function partOf(span: Span, extent: Dim): { readonly min: Expr; readonly extent: number } | undefined {
  if (span === undefined) return undefined;
  const size = span.offsets.max - span.offsets.min + 1;
  if (isStatic(extent) && size >= extent) return undefined;
  const min = shiftLinear(span.base, span.offsets.min);
  return { min: min.terms.size === 0 ? int(min.constant) : fromLinear(min), extent: size };
}
