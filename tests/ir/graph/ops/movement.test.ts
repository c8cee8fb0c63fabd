import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDims, affineDim, symbolDim } from '../../../../ir/dim.ts';
import { counting, f32, infer, run, tensor, valuesOf } from '../tensors.ts';

const n = symbolDim('n');

describe('slice', () => {
  test('takes every step-th element, backwards too', () => {
    const x = counting([2, 5]);
    expect(run('slice', [x], { starts: [0, 1], sizes: [2, 2], steps: [1, 2] })).toEqual(f32([2, 2], [1, 3, 6, 8]));
    expect(run('slice', [x], { starts: [1, 4], sizes: [1, 3], steps: [1, -2] })).toEqual(f32([1, 3], [9, 7, 5]));
    expect(run('slice', [x], { starts: [0, 5], sizes: [2, 0], steps: [1, 1] })).toEqual(f32([2, 0], []));
  });

  test('may begin and end at a symbol', () => {
    const last = affineDim(-1, [{ symbol: 'n', coefficient: 1 }]);
    const [type] = infer('slice', [['f32', [n]]], { starts: [last], sizes: [1], steps: [1] });
    expect(type).toEqual({ dtype: 'f32', shape: [1] });
    expect(() => infer('slice', [['f32', [n]]], { starts: [n], sizes: [1], steps: [1] })).toThrow(
      'index n lies outside of axis 0, whose size is n',
    );
  });

  test('refuses what lies outside', () => {
    const sliceOf = (starts: number, sizes: number, steps: number) => () =>
      infer('slice', [['f32', [4]]], { starts: [starts], sizes: [sizes], steps: [steps] });
    expect(sliceOf(2, 3, 1)).toThrow('index 4 lies outside of axis 0, whose size is 4');
    expect(sliceOf(1, 3, -1)).toThrow('index -1 lies outside of axis 0');
    expect(sliceOf(0, 1, 0)).toThrow('the step on axis 0 is 0');
    expect(sliceOf(0, -1, 1)).toThrow('the size on axis 0 is -1');
  });
});

describe('pad', () => {
  const row = f32([3], [1, 2, 3]);
  const padded = (mode: 'edge' | 'reflect' | 'wrap', before: number, after: number) =>
    valuesOf(run('pad', [row], { before: [before], after: [after], mode }));

  test('follows numpy in every mode', () => {
    expect(padded('edge', 2, 1)).toEqual([1, 1, 1, 2, 3, 3]);
    expect(padded('reflect', 2, 2)).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(padded('reflect', 5, 0)).toEqual([2, 1, 2, 3, 2, 1, 2, 3]);
    expect(padded('wrap', 2, 4)).toEqual([2, 3, 1, 2, 3, 1, 2, 3, 1]);
    const fill = f32([], [7]);
    expect(run('pad', [counting([1, 2]), fill], { before: [1, 0], after: [0, 1], mode: 'constant' })).toEqual(
      f32([2, 3], [7, 7, 7, 0, 1, 7]),
    );
  });

  test('checks its operands', () => {
    const attrs = { before: [1], after: [0], mode: 'constant' } as const;
    expect(() => infer('pad', [['f32', [2]]], attrs)).toThrow('takes 2 operands in mode constant, has 1');
    expect(() =>
      infer(
        'pad',
        [
          ['f32', [2]],
          ['f32', [1]],
        ],
        attrs,
      ),
    ).toThrow('the padding value has shape [1]');
    expect(() => infer('pad', [['f32', [0]]], { ...attrs, mode: 'edge' })).toThrow('nothing to repeat on axis 0');
    expect(() => infer('pad', [['f32', [2]]], { before: [-1], after: [0], mode: 'edge' })).toThrow('not negative');
    expect(infer('pad', [['f32', [n]]], { before: [1], after: [2], mode: 'wrap' })[0]?.shape).toEqual([addDims(n, 3)]);
  });
});

describe('concat', () => {
  test('joins along any axis, empty parts too', () => {
    const [a, b] = [counting([2, 2]), f32([2, 1], [8, 9])];
    expect(run('concat', [a, b, f32([2, 0], [])], { axis: 1 })).toEqual(f32([2, 3], [0, 1, 8, 2, 3, 9]));
    expect(run('concat', [a, a], { axis: 0 })).toEqual(f32([4, 2], [0, 1, 2, 3, 0, 1, 2, 3]));
    expect(run('concat', [tensor('i64', [1], [5]), tensor('i64', [1], [6])], { axis: 0 })).toEqual(
      tensor('i64', [2], [5, 6]),
    );
  });

  test('adds symbolic sizes', () => {
    expect(
      infer(
        'concat',
        [
          ['f32', [n, 2]],
          ['f32', [3, 2]],
        ],
        { axis: 0 },
      )[0]?.shape,
    ).toEqual([addDims(n, 3), 2]);
  });

  test('refuses other shapes and dtypes', () => {
    expect(() =>
      infer(
        'concat',
        [
          ['f32', [2, 2]],
          ['f32', [2, 3]],
        ],
        { axis: 0 },
      ),
    ).toThrow('shapes [2, 2] and [2, 3] differ on another axis than 0');
    expect(() =>
      infer(
        'concat',
        [
          ['f32', [2]],
          ['f16', [2]],
        ],
        { axis: 0 },
      ),
    ).toThrow('differ in dtype');
    expect(() => infer('concat', [], { axis: 0 })).toThrow('at least one operand');
    expect(() => infer('concat', [['f32', [2]]], { axis: 1 })).toThrow('axis 1 is not one of the 1 axes of [2]');
  });

  test('property: the slices of a tensor join to the tensor', () => {
    const arbitrary = fc
      .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
      .chain((shape) => fc.tuple(fc.constant(shape), fc.nat({ max: shape.length - 1 }), fc.nat({ max: 4 })));
    fc.assert(
      fc.property(arbitrary, ([shape, axis, wanted]) => {
        const x = counting(shape);
        const cut = Math.min(wanted, shape[axis] as number);
        const part = (from: number, to: number) =>
          run('slice', [x], {
            starts: shape.map((_, i) => (i === axis ? from : 0)),
            sizes: shape.with(axis, to - from),
            steps: shape.map(() => 1),
          });
        expect(run('concat', [part(0, cut), part(cut, shape[axis] as number)], { axis })).toEqual(x);
      }),
    );
  });
});
