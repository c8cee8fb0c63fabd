import { addDims, type Dim, dimEquals, divideDim, isStatic, multiplyDims, type Shape, scaleDim } from '../../ir/dim.ts';

/** The sign that `a - b` has for every value that dimensions can have, which are not negative: see `compareDims`. */
export type Order = 'less' | 'less-or-equal' | 'equal' | 'greater-or-equal' | 'greater' | undefined;

/** How two dimensions compare whatever their symbols stand for; undefined where that depends on the symbols. */
export function compareDims(a: Dim, b: Dim): Order {
  const difference = addDims(a, scaleDim(b, -1));
  if (isStatic(difference)) return difference < 0 ? 'less' : difference > 0 ? 'greater' : 'equal';
  const { constant, terms } = difference;
  if (terms.every(({ coefficient }) => coefficient > 0) && constant >= 0)
    return constant > 0 ? 'greater' : 'greater-or-equal';
  if (terms.every(({ coefficient }) => coefficient < 0) && constant <= 0)
    return constant < 0 ? 'less' : 'less-or-equal';
  return undefined;
}

export function minDim(a: Dim, b: Dim): Dim | undefined {
  const order = compareDims(a, b);
  return order === undefined ? undefined : order.startsWith('less') || order === 'equal' ? a : b;
}

export function maxDim(a: Dim, b: Dim): Dim | undefined {
  const smaller = minDim(a, b);
  return smaller === undefined ? undefined : smaller === a ? b : a;
}

/** The product of dimensions; undefined where it is not affine. */
export const productOfDims = (dims: Shape): Dim | undefined =>
  dims.reduce<Dim | undefined>((product, dim) => (product === undefined ? undefined : multiplyDims(product, dim)), 1);

/**
 * Π numerator / Π denominator where that is affine. Equal factors cancel first, so that `[b·s, 8] → [b, s, -1]` needs no
 * product of symbols.
 */
export function quotientOfDims(numerator: Shape, denominator: Shape): Dim | undefined {
  const rest = [...numerator];
  const open: Dim[] = [];
  for (const dim of denominator) {
    const found = rest.findIndex((other) => compareDims(dim, other) === 'equal');
    if (found >= 0) rest.splice(found, 1);
    else open.push(dim);
  }
  const [product, divisor] = [productOfDims(rest), productOfDims(open)];
  return product === undefined || divisor === undefined ? undefined : quotientOfDim(product, divisor);
}

/** The exact quotient: by a number, or of a multiple of the divisor. */
export function quotientOfDim(dim: Dim, divisor: Dim): Dim | undefined {
  if (isStatic(divisor)) return divisor > 0 ? divideDim(dim, divisor) : undefined;
  const [term] = divisor.terms;
  const same = isStatic(dim) ? undefined : dim.terms.find(({ symbol }) => symbol === term?.symbol);
  if (term === undefined || same === undefined) return undefined;
  const ratio = same.coefficient / term.coefficient;
  return Number.isInteger(ratio) && dimEquals(dim, scaleDim(divisor, ratio)) ? ratio : undefined;
}
