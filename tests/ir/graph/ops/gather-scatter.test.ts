import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../../ir/dim.ts';
import { counting, f32, infer, run, tensor } from '../tensors.ts';

const i64 = (shape: readonly number[], values: readonly number[]) => tensor('i64', shape, values);
const n = symbolDim('n');

describe('gather', () => {
  test('puts the indices in place of the axis', () => {
    const x = counting([2, 3]);
    expect(run('gather', [x, i64([2, 1], [2, -3])], { axis: 1 })).toEqual(f32([2, 2, 1], [2, 0, 5, 3]));
    expect(run('gather', [x, tensor('i32', [], [-1])], { axis: 0 })).toEqual(f32([3], [3, 4, 5]));
  });

  test('infers symbolic shapes and refuses other indices', () => {
    expect(
      infer(
        'gather',
        [
          ['f32', [30, 8]],
          ['i64', [1, n]],
        ],
        { axis: 0 },
      )[0]?.shape,
    ).toEqual([1, n, 8]);
    expect(() =>
      infer(
        'gather',
        [
          ['f32', [2]],
          ['f32', [1]],
        ],
        { axis: 0 },
      ),
    ).toThrow('indices is f32, expected an integer');
    expect(() => run('gather', [counting([2]), i64([1], [2])], { axis: 0 })).toThrow(
      'index 2 lies outside of an axis whose size is 2',
    );
  });
});

describe('gather_elements', () => {
  test('follows the example of the ONNX specification', () => {
    const data = f32([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(run('gather_elements', [data, i64([2, 3], [1, 2, 0, 2, 0, 0])], { axis: 0 })).toEqual(
      f32([2, 3], [4, 8, 3, 7, 2, 3]),
    );
    expect(() =>
      infer(
        'gather_elements',
        [
          ['f32', [2, 2]],
          ['i64', [3, 2]],
        ],
        { axis: 1 },
      ),
    ).toThrow('shape [3, 2] does not fit in [2, 2] on axis 0');
  });
});

describe('gather_nd', () => {
  test('follows the examples of the ONNX specification', () => {
    const x = counting([2, 2], 'i32');
    expect(run('gather_nd', [x, i64([2, 2], [0, 0, 1, 1])], { batchDims: 0 })).toEqual(tensor('i32', [2], [0, 3]));
    expect(run('gather_nd', [x, i64([2, 1], [1, 0])], { batchDims: 0 })).toEqual(tensor('i32', [2, 2], [2, 3, 0, 1]));
    const cube = counting([2, 2, 2], 'i32');
    expect(run('gather_nd', [cube, i64([2, 1], [1, 0])], { batchDims: 1 })).toEqual(
      tensor('i32', [2, 2], [2, 3, 4, 5]),
    );
  });

  test('checks tuples and batch axes', () => {
    expect(() =>
      infer(
        'gather_nd',
        [
          ['f32', [2]],
          ['i64', [1, 2]],
        ],
        { batchDims: 0 },
      ),
    ).toThrow('expected a last dimension from 0 to 1');
    expect(() =>
      infer(
        'gather_nd',
        [
          ['f32', [2, 3]],
          ['i64', [3, 1]],
        ],
        { batchDims: 1 },
      ),
    ).toThrow('data [2, 3] and indices [3, 1] differ in their 1 batch axes');
  });
});

describe('scatter_elements', () => {
  const data = f32([1, 5], [1, 2, 3, 4, 5]);
  const updates = f32([1, 2], [1.5, 2.5]);

  test('writes or combines updates in order', () => {
    const attrs = { axis: 1, reduction: 'none' } as const;
    expect(run('scatter_elements', [data, i64([1, 2], [1, -2]), updates], attrs)).toEqual(
      f32([1, 5], [1, 1.5, 3, 2.5, 5]),
    );
    const twice = i64([1, 2], [1, 1]);
    expect(run('scatter_elements', [data, twice, updates], { axis: 1, reduction: 'add' })).toEqual(
      f32([1, 5], [1, 6, 3, 4, 5]),
    );
    expect(run('scatter_elements', [data, twice, updates], { axis: 1, reduction: 'max' }).data[1]).toBe(2.5);
    expect(run('scatter_elements', [data, twice, updates], attrs).data[1]).toBe(2.5);
  });

  test('checks shapes and dtypes', () => {
    const attrs = { axis: 0, reduction: 'add' } as const;
    expect(() =>
      infer(
        'scatter_elements',
        [
          ['bool', [2]],
          ['i64', [1]],
          ['bool', [1]],
        ],
        attrs,
      ),
    ).toThrow('add is not defined on bool');
    expect(() =>
      infer(
        'scatter_elements',
        [
          ['f32', [2]],
          ['i64', [1]],
          ['f32', [2]],
        ],
        attrs,
      ),
    ).toThrow('indices [1] and updates [2] differ in shape');
  });
});

describe('scatter_nd', () => {
  test('writes slices that tuples name', () => {
    const data = counting([3, 2]);
    const rows = f32([2, 2], [7, 7, 8, 8]);
    expect(run('scatter_nd', [data, i64([2, 1], [2, 0]), rows], { reduction: 'none' })).toEqual(
      f32([3, 2], [8, 8, 2, 3, 7, 7]),
    );
    expect(run('scatter_nd', [data, i64([1, 2], [1, 1]), f32([1], [10])], { reduction: 'mul' })).toEqual(
      f32([3, 2], [0, 1, 2, 30, 4, 5]),
    );
  });

  test('checks the shape of the updates', () => {
    expect(() =>
      infer(
        'scatter_nd',
        [
          ['f32', [3, 2]],
          ['i64', [n, 1]],
          ['f32', [n, 3]],
        ],
        { reduction: 'none' },
      ),
    ).toThrow('updates have shape [n, 3], expected [n, 2]');
  });
});
