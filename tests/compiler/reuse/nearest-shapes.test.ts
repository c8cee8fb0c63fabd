import { expect, test } from 'vitest';
import { nearestShapes } from '../../../compiler/reuse/nearest-shapes.ts';
import { workload } from '../../schedules/database/rows.ts';

const nearest = (shape: readonly number[], ...others: readonly (readonly number[])[]): readonly string[] =>
  nearestShapes(
    shape,
    others.map((other) => workload(`w${other.join('x')}`, { shape: other })),
  ).map(({ shape: other }) => other.join('x'));

test('shapes are near where few extents are many times as large', () => {
  expect(nearest([1, 100, 64], [1, 100, 128], [1, 110, 64], [1, 100, 64], [1, 50, 32])).toEqual([
    '1x100x64',
    '1x110x64',
    '1x100x128',
    '1x50x32',
  ]);
});

test('what is more than four times as large has nothing to do with it, nor has another number of extents', () => {
  expect(nearest([8, 8], [2, 32], [8, 33], [1, 8], [8], [8, 8, 1], [0, 8])).toEqual(['2x32']);
  expect(nearest([0, 8], [0, 8], [0, 16], [1, 8])).toEqual(['0x8', '0x16']);
});
