import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameIndices } from '../../../compiler/codegen/wgsl/name-indices.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { add, buffer, int, loop, mul, seq, store, sub, variable } from '../../../ir/tensor/build.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { Expr, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { arbitraryIndexExpr, dataBuffer } from '../../generators/index-expr.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';
import { arbitraryFlatKernel } from './flat-kernels.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 150);

const named = (text: string): string => printTensorFunc(nameIndices(parseTensorFunc(text)));
const printed = (text: string): string => printTensorFunc(parseTensorFunc(text));

test('what occurs again, or what a loop does not change, has a name where its variables are known', () => {
  const from = `func @f(%x: f32[999]) -> (%y: f32[64]) {
    for g in 4 { for i in 8 { for k in 2 {
      if g * 8 + i < 30 { %y[g * 8 + i] = %x[floormod(g * 8 + i, 14) * 48 + k * 3] * %x[floormod(g * 8 + i, 14) * 48 + k * 3 + 1] }
    } } }
  }`;
  const to = `func @f(%x: f32[999]) -> (%y: f32[64]) {
    for g in 4 { for i in 8 { let i.1 = g * 8 + i { let i.2 = floormod(i.1, 14) { for k in 2 { let x_at = i.2 * 48 + k * 3 {
      if i.1 < 30 { %y[i.1] = %x[x_at] * %x[x_at + 1] }
    } } } } } }
  }`;
  expect(named(from)).toBe(printed(to));
});

test('arrays of vectors are indexed by places of vectors', () => {
  const from = `func @f(%x: f32[99]) -> (%y: f32[99]) {
    for i in 4 { for k in 2 {
      %y[ramp<4>(i * 12 + k * 4)] = %x[ramp<4>(i * 12 + k * 4)] + %x[ramp<4>(i * 12 + k * 4 + 8)]
    } }
  }`;
  const to = `func @f(%x: f32[99]) -> (%y: f32[99]) {
    for i in 4 { for k in 2 { let y_at = i * 3 + k {
      %y[ramp<4>(y_at * 4)] = %x[ramp<4>(y_at * 4)] + %x[ramp<4>((y_at + 2) * 4)]
    } } }
  }`;
  expect(named(from)).toBe(printed(to));
});

/** Asserts that names change nothing. */
function expectSame(func: TensorFunc, inputs: readonly TensorData[], sizes = new Map<string, number>()): void {
  const result = nameIndices(func);
  verifyFunc(result);
  expect(interpretFunc(result, inputs, sizes), printTensorFunc(result)).toEqual(interpretFunc(func, inputs, sizes));
}

test('addresses of any form, in any loops, under any guard, are the same with names', () => {
  fc.assert(
    fc.property(arbitraryFlatKernel(), ({ func, inputs, sizes }) => {
      expectSame(func, inputs, new Map(sizes));
    }),
    { numRuns: runs },
  );
});

const letOf = (name: string, value: Expr, body: Stmt): Stmt => ({ kind: 'let', name, mutable: false, value, body });

/** Stores expressions for all values of their variables, those of each half in a loop of its own. */
function kernelOf(exprs: readonly Expr[]): TensorFunc {
  const out = buffer('out', 'i32', [32 * exprs.length]);
  const [i, j] = [variable('i'), variable('j')];
  const stores = exprs.map((expr, at) => store(out, [add(add(mul(i, int(8)), j), int(32 * at))], expr));
  const half = exprs.length >> 1;
  const loops = [stores.slice(0, half), stores.slice(half)].map((some, at) => loop(`k${at}`, int(2), seq(some)));
  const body = loop('i', int(4), loop('j', int(8), letOf('k', sub(j, i), letOf('n', int(7), seq(loops)))));
  return { name: 'kernel', sizes: [], inputs: [dataBuffer], outputs: [out], temps: [], body };
}

test('index arithmetic of any form is the same with names', () => {
  const exprs = fc.array(arbitraryIndexExpr('i32', { data: true }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(exprs, fc.nat(), (some, seed) => {
      const func = kernelOf([...some, ...some]);
      expectSame(func, randomInputs(func, seed));
    }),
    { numRuns: runs },
  );
});

test('lowered functions of any dtype are the same with names', () => {
  fc.assert(
    fc.property(arbitraryTensorFunc(), fc.nat(), (func, seed) => {
      const inputs = randomInputs(func, seed).map((input) => ({ ...input, shape: [input.data.length] }));
      expectSame(lowerSchedule(func), inputs);
    }),
    { numRuns: runs },
  );
});
