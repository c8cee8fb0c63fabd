import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affineDim, scaleDim, symbolDim } from '../../../../ir/dim.ts';
import { sameCount } from '../../../../ir/graph/ops/layout.ts';
import { counting, f32, infer, run, valuesOf } from '../tensors.ts';

const [n, m] = [symbolDim('n'), symbolDim('m')];

describe('reshape', () => {
  test('keeps the elements', () => {
    expect(run('reshape', [counting([2, 3])], { shape: [3, 2] })).toEqual(counting([3, 2]));
    expect(run('reshape', [counting([1, 1])], { shape: [] })).toEqual(counting([]));
  });

  test('compares symbolic counts exactly', () => {
    const nPlus1 = affineDim(1, [{ symbol: 'n', coefficient: 1 }]);
    expect(sameCount([n, m, 768], [m, n, 12, 64])).toBe(true);
    expect(sameCount([scaleDim(nPlus1, 6), m], [2, nPlus1, 3, m])).toBe(true);
    expect(sameCount([n, 4], [m, 4])).toBe(false);
    expect(sameCount([n, n], [n])).toBe(false);
    expect(sameCount([n, 0], [0, m])).toBe(true);
  });

  test('names both shapes where the counts differ', () => {
    expect(() => infer('reshape', [['f32', [n, 4]]], { shape: [n, 3] })).toThrow(
      '[n, 4] and [n, 3] differ in their number of elements',
    );
  });
});

describe('transpose', () => {
  test('gives result axis i input axis perm[i]', () => {
    expect(run('transpose', [counting([2, 3])], { perm: [1, 0] })).toEqual(f32([3, 2], [0, 3, 1, 4, 2, 5]));
    expect(infer('transpose', [['i8', [n, 2, m]]], { perm: [2, 0, 1] })).toEqual([{ dtype: 'i8', shape: [m, n, 2] }]);
  });

  test('refuses what is no permutation', () => {
    expect(() => infer('transpose', [['f32', [2, 3]]], { perm: [0, 0] })).toThrow('[0, 0] is no permutation');
    expect(() => infer('transpose', [['f32', [2, 3]]], { perm: [0] })).toThrow('perm has 1 entries for 2 axes');
  });

  test('property: the inverse permutation undoes it', () => {
    const arbitrary = fc
      .array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 })
      .chain((shape) =>
        fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
      );
    fc.assert(
      fc.property(arbitrary, ([shape, perm]) => {
        const x = counting(shape, 'i64');
        const inverse = perm.map((_, axis) => perm.indexOf(axis));
        expect(run('transpose', [run('transpose', [x], { perm })], { perm: inverse })).toEqual(x);
      }),
    );
  });
});

describe('broadcast_to', () => {
  test('repeats dimensions of 1 and adds axes at the left', () => {
    expect(valuesOf(run('broadcast_to', [f32([2, 1], [1, 2])], { shape: [2, 2, 2] }))).toEqual([
      1, 1, 2, 2, 1, 1, 2, 2,
    ]);
    expect(infer('broadcast_to', [['f32', [1, n]]], { shape: [m, n] })).toEqual([{ dtype: 'f32', shape: [m, n] }]);
  });

  test('refuses to shrink', () => {
    expect(() => infer('broadcast_to', [['f32', [3]]], { shape: [1] })).toThrow('[3] does not broadcast to [1]');
    expect(() => infer('broadcast_to', [['f32', [2, 3]]], { shape: [3] })).toThrow('[2, 3] does not broadcast to [3]');
  });
});
