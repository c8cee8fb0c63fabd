import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { buffer, constant, load, loop, store, variable } from '../../../ir/tensor/build.ts';
import { alphaEquals, canonicalize } from '../../../ir/tensor/canonical.ts';
import { structuralEquals } from '../../../ir/tensor/equal.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { freshName, namesOf } from '../../../ir/tensor/names.ts';
import { renameFunc } from '../../../ir/tensor/rename.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';

function copy(size: string, source: string, target: string, index: string): TensorFunc {
  const [from, to] = [buffer(source, 'f32', [symbolDim(size)]), buffer(target, 'f32', [symbolDim(size)])];
  const body = loop(index, variable(size), store(to, [variable(index)], load(from, [variable(index)])));
  return { name: `copy_${source}`, sizes: [size], inputs: [from], outputs: [to], temps: [], body };
}

test('functions that differ in names only print alike', () => {
  const [a, b] = [copy('n', 'A', 'B', 'i'), copy('batch', 'x', 'y', 'k')];
  expect(printTensorFunc(canonicalize(a))).toBe(printTensorFunc(canonicalize(b)));
  expect(alphaEquals(a, b)).toBe(true);
  expect(structuralEquals(a, b)).toBe(false);
});

test('the canonical form is well-formed, means the same, and is its own canonical form', () => {
  fc.assert(
    fc.property(arbitraryTensorFunc(), fc.nat(), (func, seed) => {
      const canonical = canonicalize(func);
      verifyFunc(canonical);
      const inputs = randomInputs(func, seed);
      expect(interpretFunc(canonical, inputs)).toEqual(interpretFunc(func, inputs));
      expect(structuralEquals(canonicalize(canonical), canonical)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('names that do not occur change nothing', () => {
  const func = copy('n', 'A', 'B', 'i');
  expect(renameFunc(func, { variables: new Map([['z', 'y']]) })).toBe(func);
});

test('fresh names', () => {
  const taken = namesOf(copy('n', 'A', 'B', 'i'));
  expect([...taken].sort()).toEqual(['A', 'B', 'i', 'n']);
  expect(freshName(taken, 'j')).toBe('j');
  expect(freshName(new Set([...taken, 'i_1']), 'i')).toBe('i_2');
});

test('0 and -0 differ, NaN is itself', () => {
  const f32 = (value: number) => constant(value, 'f32');
  expect(structuralEquals(f32(0), f32(-0))).toBe(false);
  expect(structuralEquals(f32(Number.NaN), f32(Number.NaN))).toBe(true);
});
