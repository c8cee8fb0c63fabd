import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { simplifyFunc } from '../../../ir/tensor/simplify.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { randomInputs } from '../../generators/tensor-inputs.ts';
import { arbitraryLoweredFunc } from '../../generators/tensor-stmt.ts';

test('lowered functions mean the same after simplification, which is idempotent', () => {
  fc.assert(
    fc.property(arbitraryLoweredFunc(), fc.nat(), fc.integer({ min: 1, max: 40 }), (func, seed, n) => {
      const sizes = new Map([['n', n]]);
      verifyFunc(func);
      const inputs = randomInputs(func, seed);
      const simple = simplifyFunc(func);
      verifyFunc(simple);
      expect(interpretFunc(simple, inputs, sizes)).toEqual(interpretFunc(func, inputs, sizes));
      expect(printTensorFunc(simplifyFunc(simple))).toBe(printTensorFunc(simple));
      expect(simplifyFunc(simple)).toBe(simple);
    }),
    { numRuns: 2500 },
  );
});
