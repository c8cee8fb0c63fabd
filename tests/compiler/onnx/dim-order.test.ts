import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareDims,
  maxDim,
  minDim,
  productOfDims,
  quotientOfDim,
  quotientOfDims,
} from '../../../compiler/onnx/dim-order.ts';
import { affineDim, bindDim, type Dim, multiplyDims, scaleDim, symbolDim } from '../../../ir/dim.ts';

const dim: fc.Arbitrary<Dim> = fc
  .tuple(
    fc.integer({ min: -5, max: 5 }),
    fc.array(fc.tuple(fc.constantFrom('m', 'n'), fc.integer({ min: -3, max: 3 })), { maxLength: 2 }),
  )
  .map(([constant, terms]) =>
    affineDim(
      constant,
      terms.map(([symbol, coefficient]) => ({ symbol, coefficient })),
    ),
  );
const sizes = fc.record({ m: fc.nat(6), n: fc.nat(6) });
const at = (value: Dim, { m, n }: { readonly m: number; readonly n: number }) =>
  bindDim(
    value,
    new Map([
      ['m', m],
      ['n', n],
    ]),
  ) as number;

describe('what is known of dimensions', () => {
  test('holds for every value of the symbols', () => {
    fc.assert(
      fc.property(dim, dim, sizes, (a, b, values) => {
        const [left, right] = [at(a, values), at(b, values)];
        const order = compareDims(a, b);
        if (order === 'less') expect(left).toBeLessThan(right);
        if (order === 'less-or-equal') expect(left).toBeLessThanOrEqual(right);
        if (order === 'equal') expect(left).toBe(right);
        if (order === 'greater-or-equal') expect(left).toBeGreaterThanOrEqual(right);
        if (order === 'greater') expect(left).toBeGreaterThan(right);
        const [smaller, larger] = [minDim(a, b), maxDim(a, b)];
        if (smaller !== undefined) expect(at(smaller, values)).toBe(Math.min(left, right));
        if (larger !== undefined) expect(at(larger, values)).toBe(Math.max(left, right));
        const quotient = quotientOfDim(a, b);
        if (quotient !== undefined) expect(at(quotient, values) * right).toBe(left);
      }),
    );
  });

  test('undoes a product', () => {
    fc.assert(
      fc.property(dim, fc.integer({ min: 1, max: 9 }), (a, n) => expect(quotientOfDim(scaleDim(a, n), n)).toEqual(a)),
    );
  });
});

test('equal factors cancel where their product is not affine', () => {
  const [m, n] = [symbolDim('m'), symbolDim('n')];
  expect(multiplyDims(m, n)).toBeUndefined();
  expect(productOfDims([m, n])).toBeUndefined();
  expect(quotientOfDims([m, n, 8], [n, 2])).toEqual(scaleDim(m, 4));
  expect(quotientOfDims([m, n, 8], [n, m])).toBe(8);
  expect(quotientOfDims([m, 3], [2])).toBeUndefined();
});
