import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { walk } from '../../ir/tensor/visit.ts';
import type { BlockSite } from '../analysis/nests.ts';
import { extentOf, type StridedAccess, strideAlong } from './strides.ts';

/**
 * Whether a reduction is a sum of products of integers of 16 bits or fewer of which two neighbours, along a reduce loop,
 * are multiplied and added by one instruction: those of the operand that does not follow the columns are neighbours in
 * memory, and those of the others can be made to by packing.
 *
 *   %c[m, n] = %c[m, n] + cast<i32>(%a[m, k]) * cast<i32>(%b[k, n])
 */
export function isDotProduct(
  site: BlockSite,
  loads: readonly StridedAccess[],
  along: readonly StridedAccess[],
  loop: string | undefined,
): boolean {
  if (loop === undefined || extentOf(site, loop) % 2 !== 0 || along.length !== 1 || loads.length !== 2) return false;
  const neighbours = loads.every((load) =>
    along.includes(load) ? strideAlong(load, loop) !== 0 : strideAlong(load, loop) === 1,
  );
  return neighbours && isSumOfNarrowProducts(site);
}

function isSumOfNarrowProducts({ block }: BlockSite): boolean {
  let found = false;
  walk(block.body, {
    expr: (expr) => {
      found ||= expr.kind === 'binary' && expr.op === 'mul' && isWidened(expr.left) && isWidened(expr.right);
    },
  });
  return found;
}

const isWidened = (expr: Expr): boolean =>
  expr.kind === 'cast' &&
  expr.dtype === 'i32' &&
  expr.operand.kind === 'load' &&
  ['i8', 'u8', 'i16'].includes(expr.operand.dtype);
