import { assume } from '../../ir/tensor/assume.ts';
import { boundsOf, decide, type Interval, type Knowledge } from '../../ir/tensor/bounds.ts';
import { int, variable } from '../../ir/tensor/build.ts';
import { inequality } from '../../ir/tensor/inequality.ts';
import { addLinear, type Linear, linearOf, subtractLinear, type Term } from '../../ir/tensor/linear.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { substituteExpr } from '../../ir/tensor/visit.ts';
import { fillsBox } from '../../schedules/analysis/coverage.ts';
import { type Access, loopRange } from './accesses.ts';
import { conjuncts } from './guards.ts';
import { hasLoad, linearBounds, mentions, partitionTerms } from './linear-parts.ts';

const zero = int(0);

const rangesOf = ({ loops }: Access): ReadonlyMap<string, Interval> =>
  new Map(loops.map((loop) => [loop.loopVar, loopRange(loop.extent)]));

/** The part of an index that is fixed while the common loops stand still, and the interval that the rest sweeps. */
export interface Sweep {
  readonly base: Linear;
  readonly interval: Interval;
}

export function sweep(access: Access, dim: number, outer: ReadonlySet<string>): Sweep | undefined {
  const linear = linearOf(access.indices[dim] ?? zero);
  const ranges = new Map(
    access.loops.filter((loop) => !outer.has(loop.loopVar)).map((loop) => [loop.loopVar, loopRange(loop.extent)]),
  );
  const isInner = ({ atom }: Term) => mentions(atom, (name) => ranges.has(name));
  const [inner, base] = partitionTerms(linear, isInner);
  const pure = [...inner.terms.values()].every(({ atom }) => !mentions(atom, (name) => outer.has(name)));
  const opaque = [...base.terms.values()].some(
    ({ atom }) => mentions(atom, (name) => !outer.has(name)) || hasLoad(atom),
  );
  if (!pure || opaque) return undefined;
  const bounds = linearBounds(inner, ranges);
  if (!Number.isFinite(bounds.min) || !Number.isFinite(bounds.max)) return undefined;
  const fixed = { ...base, constant: 0 };
  const ends = endsOf(access, linear, fixed);
  const interval = {
    min: bounds.min + base.constant,
    max: Math.max(bounds.min + base.constant, Math.min(bounds.max + base.constant, ...ends)),
  };
  return { base: fixed, interval };
}

/** How far beyond the base an access reaches at most, by its conditions on the index. */
const endsOf = ({ conditions }: Access, index: Linear, base: Linear): readonly number[] =>
  conditions.flatMap(conjuncts).flatMap((cond) => {
    const form = inequality(cond);
    if (form === undefined) return [];
    const { terms, constant } = addLinear(subtractLinear(form, index), base);
    return terms.size === 0 ? [-constant] : [];
  });

export function sameLinear(left: Linear, right: Linear): boolean {
  const difference = subtractLinear(left, right);
  return difference.constant === 0 && difference.terms.size === 0;
}

/**
 * Whether each read, in every iteration of the loops `outer`, finds only what was written before it in that iteration,
 * so that nothing is carried from one iteration to the next.
 */
export const isWrittenFirst = (accesses: readonly Access[], outer: ReadonlySet<string>): boolean =>
  accesses.every((read, at) => read.write || isCovered(read, accesses.slice(0, at), outer));

/** Whether a write before the read, in the same iteration of the common loops, touches every element that it does. */
function isCovered(read: Access, before: readonly Access[], outer: ReadonlySet<string>): boolean {
  return before.some(
    (access) =>
      access.write &&
      happensWith(access, read, outer) &&
      read.indices.every((_, dim) => {
        const [reads, writes] = [sweep(read, dim, outer), sweep(access, dim, outer)];
        if (reads === undefined || writes === undefined) return sameIndex(read, access, dim);
        return (
          sameLinear(reads.base, writes.base) &&
          writes.interval.min <= reads.interval.min &&
          writes.interval.max >= reads.interval.max &&
          ((isAlone(access, dim, outer) && isDense(access, dim, outer)) || isBox(access, outer))
        );
      }),
  );
}

const sameIndex = (left: Access, right: Access, dim: number): boolean =>
  sameLinear(linearOf(left.indices[dim] ?? zero), linearOf(right.indices[dim] ?? zero));

/** Whether the inner loops of a dimension move no other: a diagonal does not touch every element of a square. */
function isAlone({ indices }: Access, dim: number, outer: ReadonlySet<string>): boolean {
  const inner = innerVariables(linearOf(indices[dim] ?? zero), outer);
  const others = indices.filter((_, other) => other !== dim);
  return inner.every(({ name }) => !others.some((index) => mentions(index, is(name))));
}

/** Whether the inner loops step through every value of the interval: i0*4 + i1 with i1 in 4. */
function isDense(access: Access, dim: number, outer: ReadonlySet<string>): boolean {
  const ranges = rangesOf(access);
  const inner = [...linearOf(access.indices[dim] ?? zero).terms.values()].filter(({ atom }) =>
    mentions(atom, (name) => ranges.has(name) && !outer.has(name)),
  );
  const steps = inner.map(({ atom, coefficient }) => ({
    step: Math.abs(coefficient),
    bounds: boundsOf(atom, ranges),
    atom,
  }));
  let reached = 1;
  for (const { step, bounds, atom } of steps.sort((a, b) => a.step - b.step)) {
    if (atom.kind !== 'var' || step > reached) return false;
    reached += step * (bounds.max - bounds.min);
  }
  return true;
}

/**
 * Whether the write happens for each element that is read: each of its conditions follows from those of the read, in the
 * instance of the write that touches the element, or limits an index to what holds all reads.
 */
function happensWith(write: Access, read: Access, outer: ReadonlySet<string>): boolean {
  const required = write.conditions.flatMap(conjuncts);
  if (required.length === 0) return true;
  const start: Knowledge = { ranges: rangesOf(read), facts: [] };
  const known = read.conditions.reduce((facts, cond) => assume(facts, cond), start);
  const told = write.indices.map((_, dim) => instanceAlong(write, read, dim, outer));
  const instance = new Map(told.flatMap((values) => [...(values ?? [])]));
  const untold = write.indices.filter((_, dim) => told[dim] === undefined);
  return required.every((cond) => {
    const isTold = !mentions(cond, (name) => !outer.has(name) && untold.some((index) => mentions(index, is(name))));
    if (isTold && decide(substituteExpr(cond, instance), known) === true) return true;
    return write.indices.some((_, dim) => limitsToReads(inequality(cond), write, read, dim, outer));
  });
}

const is = (name: string) => (other: string) => other === name;

/**
 * Whether a condition `form ≤ 0` of the write is one on its index in a dimension alone, and holds for the read's index: by
 * the same condition on that, or by its range.
 */
function limitsToReads(
  form: Linear | undefined,
  write: Access,
  read: Access,
  dim: number,
  outer: ReadonlySet<string>,
): boolean {
  const [to, from] = [write.indices[dim], sweep(read, dim, outer)];
  if (form === undefined || to === undefined || from === undefined) return false;
  const rest = subtractLinear(form, linearOf(to));
  const isFree = [...rest.terms.values()].every(({ atom }) => !mentions(atom, (name) => !outer.has(name)));
  if (!isFree) return false;
  const index = linearOf(read.indices[dim] ?? zero);
  const own = read.conditions.flatMap(conjuncts).flatMap((cond) => inequality(cond) ?? []);
  const isSame = own.some((limit) => sameLinear(rest, subtractLinear(limit, index)));
  return isSame || linearBounds(addLinear(rest, from.base), rangesOf(read)).max + from.interval.max <= 0;
}

/**
 * The values of a write's inner variables with which an index of it is the read's: variables of the read with the same
 * coefficients. Undefined where these do not make it the same, or take values that the write's do not.
 */
function instanceAlong(
  write: Access,
  read: Access,
  dim: number,
  outer: ReadonlySet<string>,
): ReadonlyMap<string, Expr> | undefined {
  const [from, to] = [write.indices[dim] ?? zero, linearOf(read.indices[dim] ?? zero)];
  const [writeRanges, readRanges] = [rangesOf(write), rangesOf(read)];
  const sought = innerVariables(to, outer);
  const values = new Map<string, Expr>();
  for (const { name, coefficient } of innerVariables(linearOf(from), outer)) {
    const match = sought.find((term) => term.coefficient === coefficient);
    if (match === undefined || !includes(writeRanges.get(name), readRanges.get(match.name))) return undefined;
    values.set(name, variable(match.name));
  }
  return sameLinear(linearOf(substituteExpr(from, values)), to) ? values : undefined;
}

/** The same of all dimensions together, where a loop that is divided moves several of them: f / 8 and f mod 8. */
const isBox = (access: Access, outer: ReadonlySet<string>): boolean =>
  fillsBox(access.indices, rangesOf(access), outer);

const innerVariables = ({ terms }: Linear, outer: ReadonlySet<string>) =>
  [...terms.values()].flatMap(({ atom, coefficient }) =>
    atom.kind === 'var' && !outer.has(atom.name) ? [{ name: atom.name, coefficient }] : [],
  );

const includes = (wide: Interval | undefined, narrow: Interval | undefined): boolean =>
  wide !== undefined && narrow !== undefined && wide.min <= narrow.min && wide.max >= narrow.max;
