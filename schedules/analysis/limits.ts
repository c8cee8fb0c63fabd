import type { Ranges } from '../../ir/tensor/bounds.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { inequality } from '../../ir/tensor/inequality.ts';
import { addLinear, fromLinear, type Linear, linearOf, subtractLinear } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import type { Access } from './accesses.ts';
import { variablesIn } from './extents.ts';
import { conjuncts } from './iters.ts';
import { type Span, spanOf } from './regions.ts';

/**
 * What the predicates of the blocks that read a dimension say of the index: each limit is a form over fixed variables
 * with `index + form ≤ 0` for every element that any of the accesses touches.
 */
export function limitsOf(
  accesses: readonly Access[],
  dim: number,
  fixed: ReadonlySet<string>,
  ranges: Ranges,
): readonly Linear[] {
  const all = accesses.map((access) => limitsOfAccess(access, dim, fixed, ranges));
  const [first = [], ...others] = all;
  const key = (form: Linear): string => exprKey(fromLinear(form));
  return first.filter((limit) => others.every((some) => some.some((other) => key(other) === key(limit))));
}

function limitsOfAccess(
  { indices, site }: Access,
  dim: number,
  fixed: ReadonlySet<string>,
  ranges: Ranges,
): readonly Linear[] {
  const index = indices[dim];
  if (index === undefined) return [];
  return conjuncts(site.block.predicate).flatMap((part) => limitOf(part, index, fixed, ranges) ?? []);
}

function limitOf(part: Expr, index: Expr, fixed: ReadonlySet<string>, ranges: Ranges): Linear | undefined {
  const form = inequality(simplify(part, ranges));
  if (form === undefined) return undefined;
  const limit = subtractLinear(form, linearOf(simplify(index, ranges)));
  const isFixed = [...limit.terms.values()].every(({ atom }) =>
    [...variablesIn(atom)].every((name) => fixed.has(name)),
  );
  return isFixed ? limit : undefined;
}

/** Whether a part of a predicate only ends the span of an index, at a constant offset from its base. */
export const limitsSpan = (part: Expr, { indices }: Access, fixed: ReadonlySet<string>, ranges: Ranges): boolean =>
  indices.some((index) => {
    const [limit, span] = [limitOf(part, index, fixed, ranges), spanOf([index], fixed, ranges)];
    return limit !== undefined && span !== undefined && addLinear(limit, span.base).terms.size === 0;
  });

/** A span without what lies beyond limits that are constant offsets from its base. */
export function limitSpan(span: Span, limits: readonly Linear[]): Span {
  if (span === undefined) return undefined;
  const ends = limits.flatMap((limit) => {
    const { terms, constant } = addLinear(limit, span.base);
    return terms.size === 0 ? [-constant] : [];
  });
  return {
    ...span,
    offsets: { ...span.offsets, max: Math.max(span.offsets.min, Math.min(span.offsets.max, ...ends)) },
  };
}
