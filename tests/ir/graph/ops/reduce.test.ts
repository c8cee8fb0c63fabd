import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../../ir/dim.ts';
import { reduceIdentity } from '../../../../ir/graph/ops/reduce.ts';
import { counting, f32, infer, run, tensor, valuesOf } from '../tensors.ts';

describe('reductions', () => {
  const x = counting([2, 3]);

  test('reduce any axes', () => {
    expect(run('reduce_sum', [x], { axes: [0], keepDims: false })).toEqual(f32([3], [3, 5, 7]));
    expect(run('reduce_sum', [x], { axes: [1], keepDims: true })).toEqual(f32([2, 1], [3, 12]));
    expect(run('reduce_max', [x], { axes: [0, 1], keepDims: false })).toEqual(f32([], [5]));
    expect(run('reduce_min', [x], { axes: [], keepDims: false })).toEqual(x);
    expect(run('reduce_prod', [tensor('i64', [2], [3, 5])], { axes: [0], keepDims: false })).toEqual(
      tensor('i64', [], [15]),
    );
  });

  test('accumulate in double and round once', () => {
    const values = f32([4], [2 ** 24, 1, 1, 1]);
    expect(valuesOf(run('reduce_sum', [values], { axes: [0], keepDims: false }))).toEqual([2 ** 24 + 4]);
    const halves = tensor('f16', [3], [2048, 1, 1]);
    expect(valuesOf(run('reduce_sum', [halves], { axes: [0], keepDims: false }))).toEqual([2050]);
  });

  test('wrap integers and keep NaN', () => {
    expect(run('reduce_sum', [tensor('u8', [2], [255, 3])], { axes: [0], keepDims: false })).toEqual(
      tensor('u8', [], [2]),
    );
    const nan = f32([3], [1, Number.NaN, 2]);
    expect(valuesOf(run('reduce_max', [nan], { axes: [0], keepDims: false }))).toEqual([Number.NaN]);
  });

  test('give the identity where there is nothing to reduce', () => {
    const empty = (dtype: 'f32' | 'i8' | 'u64') => tensor(dtype, [0], []);
    const attrs = { axes: [0], keepDims: false };
    expect(valuesOf(run('reduce_prod', [empty('f32')], attrs))).toEqual([1]);
    expect(valuesOf(run('reduce_max', [empty('f32')], attrs))).toEqual([Number.NEGATIVE_INFINITY]);
    expect(valuesOf(run('reduce_max', [empty('i8')], attrs))).toEqual([-128]);
    expect(run('reduce_min', [empty('u64')], attrs).data[0]).toBe(2n ** 64n - 1n);
    expect(reduceIdentity('sum', 'i64')).toBe(0n);
  });

  test('refuse wrong axes and bool', () => {
    expect(() => infer('reduce_sum', [['f32', [2]]], { axes: [1], keepDims: false })).toThrow(
      'axis 1 is not one of the 1 axes',
    );
    expect(() => infer('reduce_sum', [['f32', [2]]], { axes: [0, 0], keepDims: false })).toThrow('name an axis twice');
    expect(() => infer('reduce_sum', [['bool', [2]]], { axes: [0], keepDims: false })).toThrow(
      'add is not defined on bool',
    );
    const n = symbolDim('n');
    expect(infer('reduce_max', [['f32', [n, 4, n]]], { axes: [0], keepDims: false })[0]?.shape).toEqual([4, n]);
  });

  test('property: reducing all axes at once or one after the other is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
        const x = counting(shape, 'i32');
        const once = run('reduce_sum', [x], { axes: [...shape.keys()], keepDims: false });
        const stepwise = shape.reduce((y) => run('reduce_sum', [y], { axes: [0], keepDims: false }), x);
        expect(stepwise).toEqual(once);
      }),
    );
  });
});

describe('argmax and argmin', () => {
  const attrs = { axis: 1, keepDims: false, selectLast: false };

  test('give the first or the last extreme', () => {
    const x = f32([2, 3], [1, 3, 3, 0, 0, 2]);
    expect(run('argmax', [x], attrs)).toEqual(tensor('i64', [2], [1, 2]));
    expect(run('argmax', [x], { ...attrs, selectLast: true })).toEqual(tensor('i64', [2], [2, 2]));
    expect(run('argmin', [x], { ...attrs, keepDims: true })).toEqual(tensor('i64', [2, 1], [0, 0]));
    expect(run('argmin', [x], { ...attrs, selectLast: true })).toEqual(tensor('i64', [2], [0, 1]));
  });

  test('take NaN for the extreme, as numpy does', () => {
    const x = f32([1, 4], [1, Number.NaN, 5, Number.NaN]);
    expect(run('argmax', [x], attrs)).toEqual(tensor('i64', [1], [1]));
    expect(run('argmin', [x], { ...attrs, selectLast: true })).toEqual(tensor('i64', [1], [3]));
  });

  test('refuse an empty axis', () => {
    expect(() => infer('argmax', [['f32', [2, 0]]], attrs)).toThrow('axis 1 is empty');
  });
});

describe('cumsum and cumprod', () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  const attrs = { axis: 1, exclusive: false, reverse: false };

  test('run forwards, backwards and exclusively', () => {
    expect(valuesOf(run('cumsum', [x], attrs))).toEqual([1, 3, 6, 4, 9, 15]);
    expect(valuesOf(run('cumsum', [x], { ...attrs, axis: 0 }))).toEqual([1, 2, 3, 5, 7, 9]);
    expect(valuesOf(run('cumsum', [x], { ...attrs, exclusive: true }))).toEqual([0, 1, 3, 0, 4, 9]);
    expect(valuesOf(run('cumsum', [x], { ...attrs, reverse: true, exclusive: true }))).toEqual([5, 3, 0, 11, 6, 0]);
    expect(run('cumprod', [tensor('i64', [3], [2, 3, 4])], { ...attrs, axis: 0 })).toEqual(
      tensor('i64', [3], [2, 6, 24]),
    );
  });
});
