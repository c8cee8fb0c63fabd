import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../../ir/dim.ts';
import { counting, f32, infer, run, tensor, valuesOf } from '../tensors.ts';

describe('unary operators', () => {
  test('map every element', () => {
    expect(valuesOf(run('neg', [f32([2, 2], [1, -2, 3, 0.5])], {}))).toEqual([-1, 2, -3, -0.5]);
    expect(valuesOf(run('round', [f32([4], [0.5, 1.5, 2.5, -0.4])], {}))).toEqual([0, 2, 2, -0]);
    expect(run('isnan', [f32([2], [Number.NaN, 1])], {})).toEqual(tensor('bool', [2], [1, 0]));
  });

  test('compute f16 through its values', () => {
    expect(valuesOf(run('sqrt', [tensor('f16', [2], [4, 2])], {}))).toEqual([2, 1.4140625]);
  });

  test('are exact on 64-bit integers', () => {
    const x = { dtype: 'i64', shape: [1], data: BigInt64Array.of(-(2n ** 53n) - 1n) } as const;
    expect(run('abs', [x], {}).data[0]).toBe(2n ** 53n + 1n);
  });

  test('refuse dtypes on which they are not defined', () => {
    expect(() => infer('sqrt', [['i32', [2]]], {})).toThrow('sqrt is not defined on i32');
    expect(() => infer('not', [['f32', [2]]], {})).toThrow('not is not defined on f32');
    expect(() => infer('neg', [], {})).toThrow('takes 1 operands, has 0');
  });
});

describe('binary operators', () => {
  test('broadcast as numpy does', () => {
    const column = f32([2, 1], [10, 20]);
    expect(run('add', [column, f32([3], [1, 2, 3])], {})).toEqual(f32([2, 3], [11, 12, 13, 21, 22, 23]));
    expect(run('sub', [f32([], [1]), column], {})).toEqual(f32([2, 1], [-9, -19]));
    expect(run('mul', [f32([1, 1, 1], [2]), f32([], [3])], {})).toEqual(f32([1, 1, 1], [6]));
    expect(run('add', [f32([0, 3], []), f32([1, 3], [1, 2, 3])], {})).toEqual(f32([0, 3], []));
  });

  test('compare to bool', () => {
    expect(run('lt', [f32([2], [1, 2]), f32([2], [2, 2])], {})).toEqual(tensor('bool', [2], [1, 0]));
  });

  test('wrap integers around', () => {
    expect(run('add', [tensor('i8', [1], [127]), tensor('i8', [1], [1])], {})).toEqual(tensor('i8', [1], [-128]));
  });

  test('keep equal symbols, and let a symbol meet a 1', () => {
    const n = symbolDim('n');
    const [type] = infer(
      'add',
      [
        ['f32', [n, 4]],
        ['f32', [3, n, 1]],
      ],
      {},
    );
    expect(type).toEqual({ dtype: 'f32', shape: [3, n, 4] });
  });

  test('say which shapes do not broadcast', () => {
    expect(() =>
      infer(
        'add',
        [
          ['f32', [2, 3]],
          ['f32', [4]],
        ],
        {},
      ),
    ).toThrow('shapes [2, 3] and [4] do not broadcast');
    expect(() =>
      infer(
        'add',
        [
          ['f32', [symbolDim('n')]],
          ['f32', [4]],
        ],
        {},
      ),
    ).toThrow('shapes [n] and [4]');
    expect(() =>
      infer(
        'add',
        [
          ['f32', [1]],
          ['i32', [1]],
        ],
        {},
      ),
    ).toThrow('differ in dtype: f32[1] and i32[1]');
  });

  test('property: broadcasting equals indexing each operand by hand', () => {
    const dim = fc.integer({ min: 1, max: 3 });
    const arbitrary = fc.array(fc.tuple(dim, fc.boolean(), fc.boolean()), { maxLength: 4 });
    fc.assert(
      fc.property(arbitrary, (dims) => {
        const shapes = ([1, 2] as const).map((side) => dims.map((entry) => (entry[side] ? entry[0] : 1)));
        const [a, b] = shapes.map((shape) => counting(shape)) as [
          ReturnType<typeof counting>,
          ReturnType<typeof counting>,
        ];
        const result = run('sub', [a, b], {});
        const read = (operand: typeof a, index: readonly number[]) =>
          operand.data[
            index.reduce(
              (at, i, axis) => at * (operand.shape[axis] ?? 1) + Math.min(i, (operand.shape[axis] ?? 1) - 1),
              0,
            )
          ];
        valuesOf(result).forEach((value, flat) => {
          let rest = flat;
          const index = result.shape.toReversed().map((size) => {
            const i = rest % size;
            rest = (rest - i) / size;
            return i;
          });
          index.reverse();
          expect(value).toBe(Number(read(a, index)) - Number(read(b, index)));
        });
      }),
    );
  });
});

describe('select, cast and bitcast', () => {
  test('select chooses element by element, with broadcasting', () => {
    const cond = tensor('bool', [2, 1], [1, 0]);
    expect(run('select', [cond, f32([2], [1, 2]), f32([], [9])], {})).toEqual(f32([2, 2], [1, 2, 9, 9]));
    expect(() =>
      infer(
        'select',
        [
          ['i32', []],
          ['f32', []],
          ['f32', []],
        ],
        {},
      ),
    ).toThrow('the condition is i32, expected bool');
  });

  test('cast converts values', () => {
    expect(run('cast', [f32([4], [1.9, -1.9, Number.NaN, 1e20])], { to: 'i32' })).toEqual(
      tensor('i32', [4], [1, -1, 0, 2 ** 31 - 1]),
    );
    expect(run('cast', [f32([1], [65504])], { to: 'f16' })).toEqual(tensor('f16', [1], [65504]));
    expect(run('cast', [tensor('i64', [1], [300])], { to: 'u8' })).toEqual(tensor('u8', [1], [44]));
    expect(run('cast', [f32([2], [0, -3])], { to: 'bool' })).toEqual(tensor('bool', [2], [0, 1]));
  });

  test('bitcast keeps the bits', () => {
    expect(run('bitcast', [f32([1], [1])], { to: 'i32' })).toEqual(tensor('i32', [1], [0x3f800000]));
    expect(() => infer('bitcast', [['f32', []]], { to: 'i64' })).toThrow('f32 and i64 differ in width');
    expect(() => infer('bitcast', [['u8', []]], { to: 'bool' })).toThrow('the bits of u8 are no bool');
  });
});
