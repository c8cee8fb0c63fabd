import { expect, test } from 'vitest';
import { narrowConstants, narrowStorage } from '../../../compiler/webgpu/narrow-storage.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';

const lines = (text: string): string => text.replaceAll(/^ +/gm, '').trim();

const places = parseTensorFunc(
  `func @f(%ids: i64[4], %x: f32[4]) -> (%y: i64[4]) {
    for i in 4 {
      block b (v: spatial(4) = i) {
        %y[v] = select(%ids[v] < 3i64, max(%ids[v], cast<i64>(v)), -1i64)
      }
    }
  }`,
  'f.tir',
);

test('elements of 64 bits are stored in 32, where what is stored fits', () => {
  const narrowed = narrowStorage(places);
  verifyFunc(narrowed);
  const text = lines(printTensorFunc(narrowed));
  expect(text).toContain('%ids: i32[4]');
  expect(text).toContain('%y: i32[4]');
  expect(text).not.toContain('i64');
});

test('a function without any is the same object', () => {
  const [func] = [narrowStorage(places)];
  expect(narrowStorage(func)).toBe(func);
});

test.each<[string, string]>([
  ['%ids[v] + 1i64', 'the result of add might not fit 32 bits'],
  ['5000000000i64', 'the constant 5000000000 might not fit 32 bits'],
  ['cast<i64>(%x[v])', 'a cast of f32 might not fit 32 bits'],
])('%s is refused', (value, message) => {
  const func = parseTensorFunc(
    `func @f(%ids: i64[4], %x: f32[4]) -> (%y: i64[4]) {
      for i in 4 { block b (v: spatial(4) = i) { %y[v] = ${value} } }
    }`,
    'f.tir',
  );
  expect(() => narrowStorage(func)).toThrow(message);
});

test('an input that may hold larger numbers is refused', () => {
  expect(() => narrowStorage(places, new Set(['ids']))).toThrow('kernel f: an element of ids might not fit 32 bits');
});

test('constants are held in 32 bits where all elements fit', () => {
  const builder = new GraphBuilder('g');
  for (const [name, element] of [
    ['small', -7n],
    ['large', 2n ** 31n],
  ] as const)
    builder.output(name, builder.constant({ dtype: 'i64', shape: [1], data: BigInt64Array.of(element) }));
  expect(narrowConstants(builder.finish()).constants.map(({ data }) => data)).toEqual([
    { dtype: 'i32', shape: [1], data: Int32Array.of(-7) },
    { dtype: 'i64', shape: [1], data: BigInt64Array.of(2n ** 31n) },
  ]);
});
