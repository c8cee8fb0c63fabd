import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDims, symbolDim } from '../../../../ir/dim.ts';
import { counting, f32, infer, run, tensor, valuesOf } from '../tensors.ts';

const n = symbolDim('n');
const plain = { transA: false, transB: false };

describe('matmul', () => {
  test('multiplies matrices, transposed or not', () => {
    const [a, b] = [counting([2, 3]), counting([3, 2])];
    const product = f32([2, 2], [10, 13, 28, 40]);
    expect(run('matmul', [a, b], plain)).toEqual(product);
    const [aT, bT] = [a, b].map((x) => run('transpose', [x], { perm: [1, 0] })) as [typeof a, typeof b];
    expect(run('matmul', [aT, bT], { transA: true, transB: true })).toEqual(product);
    expect(run('matmul', [f32([2, 0], []), f32([0, 1], [])], plain)).toEqual(f32([2, 1], [0, 0]));
  });

  test('broadcasts stacks', () => {
    const result = run('matmul', [counting([2, 1, 1, 2]), counting([3, 2, 1])], plain);
    expect(result).toEqual(f32([2, 3, 1, 1], [1, 3, 5, 3, 13, 23]));
  });

  test('is exact on integers', () => {
    const big = { dtype: 'i64', shape: [1, 1], data: BigInt64Array.of(2n ** 33n + 1n) } as const;
    expect(run('matmul', [big, big], plain).data[0]).toBe(BigInt.asIntN(64, (2n ** 33n + 1n) ** 2n));
    const wide = tensor('u32', [1, 1], [2 ** 32 - 1]);
    expect(valuesOf(run('matmul', [wide, wide], plain))).toEqual([1]);
  });

  test('infers symbols and says what does not fit', () => {
    expect(
      infer(
        'matmul',
        [
          ['f32', [n, 8, 4]],
          ['f32', [4, n]],
        ],
        plain,
      )[0]?.shape,
    ).toEqual([n, 8, n]);
    expect(() =>
      infer(
        'matmul',
        [
          ['f32', [2, 3]],
          ['f32', [2, 3]],
        ],
        plain,
      ),
    ).toThrow('shapes [2, 3] and [2, 3] contract 3 with 2');
    expect(() =>
      infer(
        'matmul',
        [
          ['f32', [3]],
          ['f32', [3, 2]],
        ],
        plain,
      ),
    ).toThrow('shape [3], expected at least 2 axes');
  });
});

/** Convolution of one image from its definition. */
function naiveConv2d(
  x: readonly number[],
  w: readonly number[],
  [channels, height, width]: readonly [number, number, number],
  [out, window]: readonly [number, number],
  { stride, dilation, groups }: { readonly stride: number; readonly dilation: number; readonly groups: number },
): number[] {
  const [perGroup, outPerGroup] = [channels / groups, out / groups];
  const count = (size: number) => Math.floor((size - (window - 1) * dilation - 1) / stride) + 1;
  const result: number[] = [];
  for (let o = 0; o < out; o++)
    for (let row = 0; row < count(height); row++)
      for (let column = 0; column < count(width); column++) {
        let sum = 0;
        for (let c = 0; c < perGroup; c++)
          for (let i = 0; i < window; i++)
            for (let j = 0; j < window; j++) {
              const channel = Math.floor(o / outPerGroup) * perGroup + c;
              const [y, z] = [row * stride + i * dilation, column * stride + j * dilation];
              const weight = w[((o * perGroup + c) * window + i) * window + j] as number;
              sum += (x[(channel * height + y) * width + z] as number) * weight;
            }
        result.push(sum);
      }
  return result;
}

describe('conv', () => {
  const attrs = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'first' } as const;

  test('correlates a window', () => {
    const result = run('conv', [counting([1, 1, 3, 3]), f32([1, 1, 2, 2], [1, 0, 0, 1])], attrs);
    expect(result).toEqual(f32([1, 1, 2, 2], [4, 6, 10, 12]));
    const line = { ...attrs, strides: [2], dilations: [1] };
    expect(run('conv', [counting([1, 1, 5]), f32([1, 1, 1], [3])], line)).toEqual(f32([1, 1, 3], [0, 6, 12]));
  });

  test('property: equals the definition, in both layouts', () => {
    const arbitrary = fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      perGroup: fc.integer({ min: 1, max: 2 }),
      outPerGroup: fc.integer({ min: 1, max: 2 }),
      window: fc.integer({ min: 1, max: 2 }),
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ groups, perGroup, outPerGroup, window, stride, dilation }) => {
        const [channels, out] = [groups * perGroup, groups * outPerGroup];
        const [x, w] = [counting([1, channels, 4, 5]), counting([out, perGroup, window, window])];
        const own = { strides: [stride, stride], dilations: [dilation, dilation], groups };
        const first = run('conv', [x, w], { ...own, channels: 'first' });
        const options = { stride, dilation, groups };
        expect(valuesOf(first)).toEqual(
          naiveConv2d(valuesOf(x), valuesOf(w), [channels, 4, 5], [out, window], options),
        );
        const nhwc = run('transpose', [x], { perm: [0, 2, 3, 1] });
        const last = run('conv', [nhwc, w], { ...own, channels: 'last' });
        expect(run('transpose', [last], { perm: [0, 3, 1, 2] })).toEqual(first);
      }),
      { numRuns: 40 },
    );
  });

  test('infers symbols and says what does not fit', () => {
    const shape = infer(
      'conv',
      [
        ['f32', [n, 6, n, 8]],
        ['f32', [4, 3, 3, 3]],
      ],
      { ...attrs, groups: 2 },
    )[0]?.shape;
    expect(shape).toEqual([n, 4, addDims(n, -2), 6]);
    expect(() =>
      infer(
        'conv',
        [
          ['f32', [1, 3, 8, 8]],
          ['f32', [4, 2, 3, 3]],
        ],
        attrs,
      ),
    ).toThrow('w [4, 2, 3, 3] in 1 groups does not fit the 3 channels of x [1, 3, 8, 8]');
    expect(() =>
      infer(
        'conv',
        [
          ['f32', [1, 4, 8, 8]],
          ['f32', [3, 2, 3, 3]],
        ],
        { ...attrs, groups: 2 },
      ),
    ).toThrow('3 output channels are no multiple of 2 groups');
    expect(() =>
      infer(
        'conv',
        [
          ['f32', [1, 4, 8]],
          ['f32', [3, 4, 3]],
        ],
        attrs,
      ),
    ).toThrow('strides has 2 entries for 1 spatial axes');
    expect(() =>
      infer(
        'conv',
        [
          ['f32', [1, 1, 2, 2]],
          ['f32', [1, 1, 3, 3]],
        ],
        attrs,
      ),
    ).toThrow('does not fit');
  });
});
