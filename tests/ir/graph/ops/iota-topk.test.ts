import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../../ir/dim.ts';
import { f32, infer, run, runAll, tensor } from '../tensors.ts';

describe('iota', () => {
  test('gives the index along an axis', () => {
    expect(run('iota', [], { shape: [2, 3], axis: 1, dtype: 'i64' })).toEqual(
      tensor('i64', [2, 3], [0, 1, 2, 0, 1, 2]),
    );
    expect(run('iota', [], { shape: [2, 2], axis: 0, dtype: 'f16' })).toEqual(tensor('f16', [2, 2], [0, 0, 1, 1]));
    expect(infer('iota', [], { shape: [symbolDim('n')], axis: 0, dtype: 'i32' })[0]?.shape).toEqual([symbolDim('n')]);
  });

  test('refuses bool and wrong axes', () => {
    expect(() => infer('iota', [], { shape: [2], axis: 0, dtype: 'bool' })).toThrow('iota is not defined on bool');
    expect(() => infer('iota', [], { shape: [], axis: 0, dtype: 'i32' })).toThrow('axis 0 is not one of the 0 axes');
  });
});

describe('topk', () => {
  const x = f32([2, 4], [1, 3, 3, 2, 9, Number.NaN, 7, 8]);

  test('sorts, ties by index, NaN as the largest', () => {
    expect(runAll('topk', [x], { axis: 1, k: 3, largest: true })).toEqual([
      f32([2, 3], [3, 3, 2, Number.NaN, 9, 8]),
      tensor('i64', [2, 3], [1, 2, 3, 1, 0, 3]),
    ]);
    expect(runAll('topk', [x], { axis: 1, k: 2, largest: false })).toEqual([
      f32([2, 2], [1, 2, 7, 8]),
      tensor('i64', [2, 2], [0, 3, 2, 3]),
    ]);
    expect(runAll('topk', [x], { axis: 0, k: 1, largest: false })[1]).toEqual(tensor('i64', [1, 4], [0, 0, 0, 0]));
  });

  test('refuses a k larger than the axis', () => {
    expect(() => infer('topk', [['f32', [2, 4]]], { axis: 0, k: 3, largest: true })).toThrow(
      'k is 3 on axis 0 of [2, 4]',
    );
  });
});
