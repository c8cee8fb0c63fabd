import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { simplifyFunc } from '../../../ir/tensor/simplify.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';

test('random functions are well-formed, run, and mean the same after simplification', () => {
  fc.assert(
    fc.property(arbitraryTensorFunc(), fc.nat(), (func, seed) => {
      verifyFunc(func);
      const inputs = randomInputs(func, seed);
      const expected = interpretFunc(func, inputs);
      const simple = simplifyFunc(func);
      verifyFunc(simple);
      expect(interpretFunc(simple, inputs)).toEqual(expected);
      expect(simplifyFunc(simple)).toBe(simple);
    }),
    { numRuns: 300 },
  );
});
