import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, textAfter } from '../functions.ts';

describe('annotate', () => {
  test('marks a loop and a block', () => {
    const func = textAfter(
      chain(8),
      { primitive: 'annotate', target: 'i', key: 'unroll_up_to', value: 8 },
      { primitive: 'annotate', target: 'B', key: 'note', value: 'last' },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @chain(%A: f32[8]) -> (%B: f32[8]) {
        temp %T: f32[8] global
        for a in 8 {
          block T(va: spatial(8) = a) {
            %T[va] = exp(%A[va])
          }
        }
        for i in 8 {unroll_up_to = 8} {
          block B(vi: spatial(8) = i) {note = "last"} {
            %B[vi] = %T[vi] + 1f32
          }
        }
      }
      "
    `);
  });

  test('refuses a name that is not there', () => {
    const step = { primitive: 'annotate', target: 'q', key: 'k', value: true } as const;
    expect(() => applyStep(chain(8), step)).toThrow(/there are loops a, i and blocks T, B/);
  });
});
