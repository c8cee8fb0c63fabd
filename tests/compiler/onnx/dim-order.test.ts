import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareDims,
  maxDim,
  minDim,
  productOfDims,
  quotientOfDim,
  quotientOfDims,
} from '../../../compiler/onnx/dim-order.ts';
import { affineDim, bindDim, type Dim, dimEquals, multiplyDims, scaleDim, symbolDim } from '../../../ir/dim.ts';

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

/** What an order says of two numbers. */
const holds = {
  less: (a: number, b: number) => a < b,
  'less-or-equal': (a: number, b: number) => a <= b,
  equal: (a: number, b: number) => a === b,
  'greater-or-equal': (a: number, b: number) => a >= b,
  greater: (a: number, b: number) => a > b,
};

test('what is known of dimensions holds for every value of their symbols', () => {
  const isTrue = fc.property(dim, dim, sizes, (a, b, values) => {
    const [left, right] = [at(a, values), at(b, values)];
    const order = compareDims(a, b);
    const isKnownAs = (value: Dim | undefined, number: number) => value === undefined || at(value, values) === number;
    const quotient = quotientOfDim(a, b);
    return (
      (order === undefined || holds[order](left, right)) &&
      isKnownAs(minDim(a, b), Math.min(left, right)) &&
      isKnownAs(maxDim(a, b), Math.max(left, right)) &&
      (quotient === undefined || at(quotient, values) * right === left)
    );
  });
  expect(() => fc.assert(isTrue)).not.toThrow();
});

test('a quotient undoes a product', () => {
  const undoes = fc.property(dim, fc.integer({ min: 1, max: 99 }), (a, n) =>
    dimEquals(quotientOfDim(scaleDim(a, n), n) ?? -1, a),
  );
  expect(() => fc.assert(undoes)).not.toThrow();
});

test('equal factors cancel where their product is not affine', () => {
  const [m, n] = [symbolDim('m'), symbolDim('n')];
  expect(multiplyDims(m, n)).toBeUndefined();
  expect(productOfDims([m, n])).toBeUndefined();
  expect(quotientOfDims([m, n, 8], [n, 2])).toEqual(scaleDim(m, 4));
  expect(quotientOfDims([m, n, 8], [n, m])).toBe(8);
  expect(quotientOfDims([m, 3], [2])).toBeUndefined();
});
