import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, matmulRelu, passing, textAfter } from '../functions.ts';

describe('reverse-compute-inline', () => {
  test('lets the block before store the result', () => {
    expect(
      textAfter(
        chain(10),
        { primitive: 'split', loop: 'a', factors: [null, 4] },
        { primitive: 'reverse-compute-inline', block: 'B' },
      ),
    ).toMatchInlineSnapshot(`
      "func @chain(%A: f32[10]) -> (%B: f32[10]) {
        for a_0 in 3 {
          for a_1 in 4 {
            block T(va: spatial(10) = a_0 * 4 + a_1) where a_0 * 4 + a_1 < 10 {
              %B[va] = exp(%A[va]) + 1f32
            }
          }
        }
      }
      "
    `);
  });

  test('refuses a reduction, whose elements are not complete where it stores them', () => {
    expect(() => applyStep(matmulRelu(4, 8, 16), { primitive: 'reverse-compute-inline', block: 'D' })).toThrow(
      "block 'C': only a block that is a single store, without a reduction, can take up another",
    );
    expect(() => applyStep(matmulRelu(4, 8, 16), { primitive: 'reverse-compute-inline', block: 'C' })).toThrow(
      "block 'C': only a block that is a single store, without a reduction, can be inlined",
    );
  });

  test('refuses what is no one temp, and more than one element of it', () => {
    expect(() => applyStep(chain(8), { primitive: 'reverse-compute-inline', block: 'T' })).toThrow(
      "block 'T': it reads no temp that only it reads",
    );
    expect(() => applyStep(chain(8, 2), { primitive: 'reverse-compute-inline', block: 'B' })).toThrow(
      /its indices of 'T' are not just its iteration variables/,
    );
  });

  test('refuses a value that does not last', () => {
    expect(() => applyStep(passing(8), { primitive: 'reverse-compute-inline', block: 'T' })).toThrow(/block '[xT]'/);
  });
});
