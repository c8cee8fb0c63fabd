import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runCopy } from '../../compiler/run-copy.ts';
import type { DType } from '../../ir/dtype.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../ir/text/parse.ts';

const sources: Readonly<Record<string, (dtype: DType) => string>> = {
  'a transposition': (dtype) => `func @p(%w: ${dtype}[5, 3]) -> (%p: ${dtype}[3, 5]) {
    for i in 3 { for j in 5 { block b(vi: spatial(3) = i, vj: spatial(5) = j) { %p[vi, vj] = %w[vj, vi] } } } }`,
  'panels, the last one not full': (dtype) => `func @p(%w: ${dtype}[11, 3]) -> (%p: ${dtype}[3, 3, 4]) {
    for i in 3 { for k in 3 { for j in 4 {
      block b(vi: spatial(3) = i, vk: spatial(3) = k, vj: spatial(4) = j) {
        %p[vi, vk, vj] = select(vi * 4 + vj < 11, %w[vi * 4 + vj, vk], ${zero(dtype)})
      } } } } }`,
  'two borders': (dtype) => `func @p(%w: ${dtype}[5, 3]) -> (%p: ${dtype}[2, 2, 4, 2]) {
    for a in 2 { for b in 2 { for c in 4 { for d in 2 {
      block b(va: spatial(2) = a, vb: spatial(2) = b, vc: spatial(4) = c, vd: spatial(2) = d) {
        %p[va, vb, vc, vd] =
          select(va * 4 + vc < 5 && vb * 2 + vd < 3, %w[va * 4 + vc, vb * 2 + vd], ${zero(dtype)})
      } } } } } }`,
  'one element': (dtype) => `func @p(%w: ${dtype}[1]) -> (%p: ${dtype}[1]) { block b() { %p[0] = %w[0] } }`,
};

const zero = (dtype: DType): string => `0${dtype}`;

describe('a copy gives what the interpreter gives', () => {
  for (const [name, text] of Object.entries(sources)) {
    for (const dtype of ['f32', 'i8', 'f16', 'i64'] as const) {
      test(`${name}, ${dtype}`, () => {
        const func = parseTensorFunc(text(dtype));
        fc.assert(
          fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 100 })), (values) => {
            const input = filled(func, values);
            expect(runCopy(func, input)).toEqual(interpretFunc(func, [input])[0]);
          }),
          { numRuns: 5 },
        );
      });
    }
  }
});

describe('what is no copy is left to the interpreter', () => {
  const bodies: Readonly<Record<string, string>> = {
    arithmetic: '%p[vi] = %w[vi] + 1f32',
    'a quotient as index': '%p[vi] = %w[floordiv(vi, 2)]',
    'a border of another number': '%p[vi] = select(vi < 3, %w[vi], 1f32)',
    'a condition that no bound expresses': '%p[vi] = select(vi == 3, %w[vi], 0f32)',
    'a constant': '%p[vi] = 0f32',
  };
  test.each(Object.entries(bodies))('%s', (_, body) => {
    const func = parseTensorFunc(
      `func @p(%w: f32[4]) -> (%p: f32[4]) { for i in 4 { block b(vi: spatial(4) = i) { ${body} } } }`,
    );
    expect(runCopy(func, filled(func, [1, 2, 3, 4]))).toBeUndefined();
  });
});

function filled(func: TensorFunc, values: Iterable<number>): TensorData {
  const [{ dtype, shape }] = func.inputs as [TensorFunc['inputs'][number]];
  const data = newArray(dtype, elementCount(shape as readonly number[]));
  const source = values[Symbol.iterator]();
  for (let i = 0; i < data.length; i++) {
    const value = source.next().value as number;
    data[i] = dtype === 'i64' ? BigInt(value) : value;
  }
  return { dtype, shape: shape as readonly number[], data };
}
