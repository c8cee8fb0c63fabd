import { boundsOf, type Interval } from '../../ir/tensor/bounds.ts';
import { int } from '../../ir/tensor/build.ts';
import { inequality } from '../../ir/tensor/inequality.ts';
import { addLinear, type Linear, linearOf, subtractLinear, type Term } from '../../ir/tensor/linear.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { substituteExpr } from '../../ir/tensor/visit.ts';
import { type Access, loopRange } from './accesses.ts';
import { conjuncts } from './guards.ts';
import { hasLoad, linearBounds, mentions, partitionTerms } from './linear-parts.ts';

const zero = int(0);

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
          isDense(access, dim, outer)
        );
      }),
  );
}

const sameIndex = (left: Access, right: Access, dim: number): boolean =>
  sameLinear(linearOf(left.indices[dim] ?? zero), linearOf(right.indices[dim] ?? zero));

/** Whether the inner loops step through every value of the interval: i0*4 + i1 with i1 in 4. */
function isDense(access: Access, dim: number, outer: ReadonlySet<string>): boolean {
  const ranges = new Map(access.loops.map((loop) => [loop.loopVar, loopRange(loop.extent)]));
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
 * Whether the write happens for each element that is read: a condition of it is one of the read too, the inner variables
 * of the write standing for those in the same place of the read's indices, or limits an index to what holds all reads.
 */
function happensWith(write: Access, read: Access, outer: ReadonlySet<string>): boolean {
  const required = write.conditions.flatMap(conjuncts);
  if (required.length === 0) return true;
  const values = new Map<string, Expr>();
  write.indices.forEach((index, dim) =>
    matchVariables(linearOf(index), linearOf(read.indices[dim] ?? zero), outer, values),
  );
  const given = read.conditions.flatMap(conjuncts).flatMap((cond) => inequality(cond) ?? []);
  return required.every((cond) => {
    const form = inequality(substituteExpr(cond, values));
    if (form !== undefined && given.some((other) => sameLinear(form, other))) return true;
    return write.indices.some((_, dim) => limitsToReads(inequality(cond), write, read, dim, outer));
  });
}

/** Whether a condition `form ≤ 0` of the write is one on its index in a dimension alone, and holds for the read's index. */
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
  const ranges = new Map(read.loops.map((loop) => [loop.loopVar, loopRange(loop.extent)]));
  return isFree && linearBounds(addLinear(rest, from.base), ranges).max + from.interval.max <= 0;
}

/** Pairs the variables that are no outer ones by their coefficients. */
function matchVariables(from: Linear, to: Linear, outer: ReadonlySet<string>, values: Map<string, Expr>): void {
  const inner = (form: Linear) =>
    [...form.terms.values()].filter(({ atom }) => atom.kind === 'var' && !outer.has(atom.name));
  for (const { atom, coefficient } of inner(from)) {
    const match = inner(to).find((term) => term.coefficient === coefficient);
    if (atom.kind === 'var' && match !== undefined) values.set(atom.name, match.atom);
  }
}
