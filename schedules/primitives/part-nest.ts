import { isStatic } from '../../ir/dim.ts';
import { proves, type Ranges } from '../../ir/tensor/bounds.ts';
import { add, and, binary, dimExpr, int, less, loop as makeLoop, variable } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { constantLinear, fromLinear, type Linear, subtractLinear } from '../../ir/tensor/linear.ts';
import { simplify, sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Block, Expr, For, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { loopRanges, mergeRanges } from '../analysis/extents.ts';
import { loopNames, namesIn } from '../analysis/names.ts';
import { findLoop, nothing } from '../analysis/nests.ts';
import { withPredicate } from '../analysis/reduction-nest.ts';

/** An iteration variable with a part of its values: from min on, as many as the extent. */
export interface Part {
  readonly iter: Iter;
  readonly min: Expr;
  readonly extent: Expr;
  readonly isWhole: boolean;
  /** Forms over the loops around with `value + form ≤ 0` for all values that are needed. */
  readonly limits?: readonly Linear[];
}

/** All values of an iteration variable. */
export const wholeOf = (iter: Iter): Part => ({ iter, min: int(0), extent: dimExpr(iter.extent), isWhole: true });

/** A block under new loops over a part of each of its iteration variables, made to stand inside of `args.loop`. */
export function nestOver(
  func: TensorFunc,
  args: { readonly loop: string; readonly names?: readonly string[] },
  block: Block,
  parts: readonly Part[],
): Stmt {
  const used = namesIn(func).variables;
  const wishes = parts.map(({ iter }) => `${block.name}_${iter.name}`);
  const names = loopNames(func, `block '${block.name}'`, used, wishes, args.names);
  const target = findLoop(func, args.loop);
  const around = [...target.outer, target.loop];
  const ranges = mergeRanges(
    sizeRanges(func),
    loopRanges(around),
    loopRanges(parts.map(({ extent }, i) => makeLoop(names[i] ?? '', extent, nothing))),
  );
  const iters = parts.map(({ iter, min }, i) => ({ ...iter, value: add(min, variable(names[i] ?? '')) }));
  const guards = parts.flatMap(({ isWhole, limits }, i) =>
    isWhole || iters[i] === undefined ? [] : guardsOf(iters[i], limits ?? [], around, ranges),
  );
  const moved = withPredicate({ ...block, iters }, guards.length === 0 ? undefined : guards.reduce(and));
  return parts.reduceRight<Stmt>((body, { extent }, i) => makeLoop(names[i] ?? '', extent, body), moved);
}

/** What keeps a variable inside of its extent and its limits, where that is not certain. */
function guardsOf(
  { value, extent }: Iter,
  limits: readonly Linear[],
  around: readonly For[],
  ranges: Ranges,
): readonly Expr[] {
  const [position, end] = [simplify(value, ranges), dimExpr(extent)];
  const loop = around.find(({ loopVar }) => position.kind === 'var' && position.name === loopVar);
  if (loop !== undefined && exprKey(simplify(loop.extent)) === exprKey(simplify(end))) return [];
  const implied = ({ terms, constant }: Linear): boolean =>
    terms.size === 0 && isStatic(extent) && 1 - constant >= extent;
  const bounds = limits
    .filter((limit) => !implied(limit))
    .map((limit) => fromLinear(subtractLinear(constantLinear(1), limit)));
  const isWithin = bounds.some((bound) => proves(binary('le', bound, end), ranges) === true);
  const ends = isWithin ? bounds : [end, ...bounds];
  const guards = [binary('ge', value, int(0)), ...ends.map((bound) => less(value, bound))];
  return guards.filter((guard) => proves(guard, ranges) !== true);
}
