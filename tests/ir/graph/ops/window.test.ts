import { describe, expect, test } from 'vitest';
import { addDims, scaleDim, symbolDim } from '../../../../ir/dim.ts';
import { UnsupportedError } from '../../../../ir/errors.ts';
import { windowCount } from '../../../../ir/graph/ops/windows.ts';
import { counting, f32, infer, run } from '../tensors.ts';

const n = symbolDim('n');

describe('windowCount', () => {
  test('rounds down', () => {
    expect(windowCount(7, 3, 2, 1)).toBe(3);
    expect(windowCount(8, 3, 2, 1)).toBe(3);
    expect(windowCount(7, 2, 1, 3)).toBe(4);
    expect(windowCount(0, 1, 1, 1)).toBe(0);
  });

  test('is affine where the stride divides the coefficients', () => {
    expect(windowCount(n, 3, 1, 1)).toEqual(addDims(n, -2));
    expect(windowCount(addDims(scaleDim(n, 4), 3), 3, 2, 1)).toEqual(addDims(scaleDim(n, 2), 1));
    expect(windowCount(addDims(scaleDim(n, 4), 2), 3, 2, 1)).toEqual(scaleDim(n, 2));
  });

  test('refuses what is not affine, and windows that do not fit', () => {
    expect(() => windowCount(n, 3, 2, 1)).toThrow(UnsupportedError);
    expect(() => windowCount(n, 3, 2, 1)).toThrow('(n-3)/2 rounded down; give its symbols values');
    expect(() => windowCount(2, 3, 1, 1)).toThrow(
      'a window that spans 3 elements does not fit in an axis whose size is 2',
    );
  });
});

describe('window_sum and window_max', () => {
  test('combine every window', () => {
    const attrs = { window: [2, 2], strides: [1, 2], dilations: [1, 1] };
    expect(run('window_sum', [counting([3, 4])], attrs)).toEqual(f32([2, 2], [10, 18, 26, 34]));
    expect(run('window_max', [counting([3, 4])], attrs)).toEqual(f32([2, 2], [5, 7, 9, 11]));
    const dilated = { window: [2], strides: [1], dilations: [2] };
    expect(run('window_sum', [counting([4])], dilated)).toEqual(f32([2], [2, 4]));
  });

  test('check their attributes', () => {
    const attrs = { window: [2], strides: [0], dilations: [1] };
    expect(() => infer('window_max', [['f32', [4]]], attrs)).toThrow('strides are [0], expected positive integers');
    expect(() => infer('window_max', [['f32', [4, 4]]], attrs)).toThrow('window has 1 entries for 2 axes');
  });
});
