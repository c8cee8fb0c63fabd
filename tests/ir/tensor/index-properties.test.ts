import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf, isData, proves } from '../../../ir/tensor/bounds.ts';
import { buffer, store } from '../../../ir/tensor/build.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { simplify } from '../../../ir/tensor/simplify.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { walkExpr } from '../../../ir/tensor/visit.ts';
import { printExpr } from '../../../ir/text/print-tensor.ts';
import { arbitraryIndexExpr, dataBuffer, indexRanges } from '../../generators/index-expr.ts';

type Assignment = Readonly<Record<string, number>>;

const arbitraryAssignment: fc.Arbitrary<Assignment> = fc.record(
  Object.fromEntries([...indexRanges].map(([name, { min, max }]) => [name, fc.integer({ min, max })])),
);
const arbitraryData = fc.array(
  fc.oneof(fc.integer(), fc.integer({ min: -20, max: 20 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1)),
  {
    minLength: 4,
    maxLength: 4,
  },
);

function evaluate(expr: Expr, values: Assignment, data: readonly number[]): number {
  const out = buffer('out', expr.dtype, []);
  const func = {
    name: 'expr',
    sizes: Object.keys(values),
    inputs: [dataBuffer],
    outputs: [out],
    temps: [],
    body: store(out, [], expr),
  };
  const input = { dtype: 'i32', shape: [4], data: Int32Array.from(data) } as const;
  return Number(interpretFunc(func, [input], new Map(Object.entries(values)))[0]?.data[0]);
}

/** What simplification assumes: arithmetic over index variables stays within i32. */
function staysInRange(expr: Expr): boolean {
  let inRange = true;
  walkExpr(expr, (part) => {
    if (part.dtype !== 'i32' || isData(part, indexRanges)) return;
    const { min, max } = boundsOf(part, indexRanges);
    if (min < -(2 ** 31) || max >= 2 ** 31) inRange = false;
  });
  return inRange;
}

for (const dtype of ['i32', 'bool'] as const) {
  for (const data of [false, true]) {
    const exprs = arbitraryIndexExpr(dtype, { data }).filter(staysInRange);

    test(`simplified ${dtype} expressions ${data ? 'of data that wraps around' : 'of indices'} have the same value`, () => {
      fc.assert(
        fc.property(exprs, arbitraryAssignment, arbitraryData, (expr, values, elements) => {
          const simple = simplify(expr, indexRanges);
          expect(evaluate(simple, values, elements)).toBe(evaluate(expr, values, elements));
        }),
        { numRuns: 1500 },
      );
    });

    test(`simplification of ${dtype} expressions is idempotent${data ? ' with data' : ''}`, () => {
      fc.assert(
        fc.property(exprs, (expr) => {
          const simple = simplify(expr, indexRanges);
          const again = simplify(simple, indexRanges);
          expect(printExpr(again)).toBe(printExpr(simple));
          expect(again).toBe(simple);
        }),
        { numRuns: 1500 },
      );
    });

    test(`bounds hold each value of ${dtype} expressions${data ? ' with data' : ''}`, () => {
      fc.assert(
        fc.property(exprs, arbitraryAssignment, arbitraryData, (expr, values, elements) => {
          const value = evaluate(expr, values, elements);
          const { min, max } = boundsOf(expr, indexRanges);
          expect(value).toBeGreaterThanOrEqual(min);
          expect(value).toBeLessThanOrEqual(max);
          expect([undefined, value !== 0]).toContain(dtype === 'bool' ? proves(expr, indexRanges) : undefined);
        }),
        { numRuns: 1500 },
      );
    });
  }
}
