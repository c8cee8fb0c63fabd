import { affineDim, type Dim, isStatic, printDim, printShape, type Shape, shapeEquals } from '../../dim.ts';
import type { OpRow } from '../op-row.ts';
import { broadcastShapes } from './broadcast.ts';
import { check, checkPerAxis } from './checks.ts';
import { take } from './elements.ts';
import { broadcastStrides, rowMajorStrides, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** A dimension as an integer times an affine expression whose coefficients have no common divisor; the first is positive. */
function factor(dim: Dim): readonly [content: number, primitive: Dim] {
  if (isStatic(dim)) return [dim, 1];
  const coefficients = dim.terms.map(({ coefficient }) => coefficient);
  const divisor = coefficients.reduce(gcd, dim.constant) * Math.sign(coefficients[0] ?? 1);
  const terms = dim.terms.map(({ symbol, coefficient }) => ({ symbol, coefficient: coefficient / divisor }));
  return [divisor, affineDim(dim.constant / divisor, terms)];
}

/**
 * Whether two shapes have the same number of elements whatever their symbols are. Primitive affine expressions are
 * irreducible polynomials, and polynomials factor in one way only: so it is enough to compare the factors.
 */
export function sameCount(a: Shape, b: Shape): boolean {
  const [left, right] = [a.map(factor), b.map(factor)];
  const content = (factors: typeof left) => factors.reduce((product, [value]) => product * value, 1);
  if (content(left) !== content(right)) return false;
  const primitives = (factors: typeof left) =>
    factors
      .map(([, primitive]) => printDim(primitive))
      .filter((text) => text !== '1')
      .sort();
  return content(left) === 0 || primitives(left).join() === primitives(right).join();
}

const reshape: OpRow<'reshape'> = singleResult<'reshape', 1>({
  kind: 'injective',
  operands: 1,
  infer: ([x], { shape }) => {
    check(
      sameCount(x.shape, shape),
      () => `${printShape(x.shape)} and ${printShape(shape)} differ in their number of elements`,
    );
    return { dtype: x.dtype, shape };
  },
  evaluate: ([x]) => x.data,
});

const transpose: OpRow<'transpose'> = singleResult<'transpose', 1>({
  kind: 'injective',
  operands: 1,
  infer: ([x], { perm }) => {
    checkPerAxis(perm, x, 'perm');
    check(
      perm.toSorted((a, b) => a - b).every((axis, i) => axis === i),
      () => `[${perm.join(', ')}] is no permutation of the axes of ${printShape(x.shape)}`,
    );
    return { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis] as Dim) };
  },
  evaluate: ([x], { perm }, { shape }) => {
    const strides = rowMajorStrides(x.shape);
    return take(
      x,
      stridedOffsets(
        shape,
        perm.map((axis) => strides[axis] as number),
      ),
    );
  },
});

const broadcastTo: OpRow<'broadcast_to'> = singleResult<'broadcast_to', 1>({
  kind: 'injective',
  operands: 1,
  infer: ([x], { shape }) => {
    check(
      x.shape.length <= shape.length && shapeEquals(broadcastShapes(x.shape, shape), shape),
      () => `${printShape(x.shape)} does not broadcast to ${printShape(shape)}`,
    );
    return { dtype: x.dtype, shape };
  },
  evaluate: ([x], _, { shape }) => take(x, stridedOffsets(shape, broadcastStrides(x.shape, shape))),
});

export const layoutRows = { reshape, transpose, broadcast_to: broadcastTo };
