import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, matmulRelu, passing, textAfter } from '../functions.ts';

describe('compute-inline', () => {
  test('puts the value where it is read', () => {
    expect(textAfter(chain(8, 2), { primitive: 'compute-inline', block: 'T' })).toMatchInlineSnapshot(`
      "func @chain(%A: f32[10]) -> (%B: f32[8]) {
        for i in 8 {
          block B(vi: spatial(8) = i) {
            %B[vi] = exp(%A[vi]) + exp(%A[vi + 2])
          }
        }
      }
      "
    `);
  });

  test('works for a producer that has been split', () => {
    const func = textAfter(
      chain(10),
      { primitive: 'split', loop: 'a', factors: [null, 4] },
      { primitive: 'compute-inline', block: 'T' },
    );
    expect(func).toContain('%B[vi] = exp(%A[vi]) + 1f32');
  });

  test('refuses a reduction', () => {
    expect(() => applyStep(matmulRelu(4, 8, 16), { primitive: 'compute-inline', block: 'C' })).toThrow(/single store/);
  });

  test('refuses an output', () => {
    expect(() => applyStep(chain(8), { primitive: 'compute-inline', block: 'B' })).toThrow("'B' is not a temp");
  });

  test('refuses what reads a value that does not last', () => {
    expect(() => applyStep(passing(8), { primitive: 'compute-inline', block: 'T' })).toThrow(
      "it reads 'x', which block 'x' changes in a loop that both are in",
    );
  });
});
