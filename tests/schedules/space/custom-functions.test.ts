import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { type Decide, decisionsOf } from '../../../schedules/decision.ts';
import { findDifference } from '../../end-to-end/compile-and-run.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { expectScheduled } from './same-meaning.ts';

/** Functions as someone writes them who needs an operator that the graph lacks. */
const functions: Readonly<Record<string, string>> = {
  'a leaky step with two branches': `func @leaky(%x: f32[5, 19]) -> (%y: f32[5, 19]) {
    for i in 5 { for j in 19 { block b(vi: spatial(5) = i, vj: spatial(19) = j) {
      if %x[vi, vj] > 0f32 { %y[vi, vj] = %x[vi, vj] } else { %y[vi, vj] = %x[vi, vj] * 0.25f32 }
    } } }
  }`,
  'loops without blocks, and a running sum in a register': `func @running(%x: f32[3, 17]) -> (%y: f32[3, 17]) {
    for i in 3 { var sum = 0f32 { for j in 17 { sum := sum:f32 + %x[i, j]  %y[i, j] = sum:f32 } } }
  }`,
  'several results of one block': `func @ends(%x: f32[7, 12]) -> (%low: f32[7], %high: f32[7], %count: i32[7]) {
    for i in 7 { for k in 12 { block b(vi: spatial(7) = i, vk: reduce(12) = k) {
      init { %low[vi] = 1000f32  %high[vi] = -1000f32  %count[vi] = 0 }
      %low[vi] = min(%low[vi], %x[vi, vk])
      %high[vi] = max(%high[vi], %x[vi, vk])
      if %x[vi, vk] > 1f32 { %count[vi] = %count[vi] + 1 }
    } } }
  }`,
  'a histogram: the place of a store depends on data': `func @histogram(%x: u8[64]) -> (%y: i32[33]) {
    for i in 33 { block zero(vi: spatial(33) = i) { %y[vi] = 0 } }
    for k in 64 { block count(vk: reduce(64) = k) {
      %y[cast<i32>(%x[vk])] = %y[cast<i32>(%x[vk])] + 1
    } }
  }`,
  'a product of integers of 8 bits, summed in 32': `func @product(%a: i8[9, 20], %b: i8[20, 12]) -> (%c: i32[9, 12]) {
    for i in 9 { for j in 12 { for k in 20 {
      block b(vi: spatial(9) = i, vj: spatial(12) = j, vk: reduce(20) = k) {
        init { %c[vi, vj] = 0 }
        %c[vi, vj] = %c[vi, vj] + cast<i32>(%a[vi, vk]) * cast<i32>(%b[vk, vj])
      }
    } } }
  }`,
  'a product with loops that run once': `func @once(%a: f32[1, 9, 20], %b: f32[20, 12]) -> (%c: f32[1, 9, 12]) {
    for n in 1 { for i in 9 { for j in 12 { for k in 20 {
      block b(vn: spatial(1) = n, vi: spatial(9) = i, vj: spatial(12) = j, vk: reduce(20) = k) {
        init { %c[vn, vi, vj] = 0f32 }
        %c[vn, vi, vj] = %c[vn, vi, vj] + %a[vn, vi, vk] * %b[vk, vj]
      }
    } } } }
  }`,
  'a product of the lower triangle alone': `func @lower(%a: f32[8, 8], %b: f32[8, 8]) -> (%c: f32[8, 8]) {
    for i in 8 { for j in 8 { for k in 8 {
      block b(vi: spatial(8) = i, vj: spatial(8) = j, vk: reduce(8) = k) {
        init { %c[vi, vj] = 0f32 }
        if vk <= vi && vj <= vk { %c[vi, vj] = %c[vi, vj] + %a[vi, vk] * %b[vk, vj] }
      }
    } } }
  }`,
  'a stencil with a border, through a temporary': `func @blur(%x: f32[9, 16]) -> (%y: f32[9, 16]) {
    temp %t: f32[9, 16] global
    for i in 9 { for j in 16 { block across(vi: spatial(9) = i, vj: spatial(16) = j) {
      %t[vi, vj] = %x[vi, max(vj - 1, 0)] + %x[vi, vj] * 2f32 + %x[vi, min(vj + 1, 15)]
    } } }
    for p in 9 { for q in 16 { block down(wi: spatial(9) = p, wj: spatial(16) = q) {
      %y[wi, wj] = %t[max(wi - 1, 0), wj] + %t[wi, wj] * 2f32 + %t[min(wi + 1, 8), wj]
    } } }
  }`,
  'one loop over two axes': `func @fused(%x: f32[5, 8], %s: f32[5]) -> (%y: f32[5, 8]) {
    for f in 40 { block b(vi: spatial(5) = floordiv(f, 8), vj: spatial(8) = floormod(f, 8)) { %y[vi, vj] = %x[vi, vj] - %s[vi] } }
  }`,
  'tiles under a predicate': `func @tiles(%x: f32[13], %w: f32[3]) -> (%y: f32[11]) {
    for o in 3 { for i in 4 { for k in 3 {
      block b(v: spatial(11) = o * 4 + i, r: reduce(3) = k) where o * 4 + i < 11 {
        init { %y[v] = 0f32 }
        %y[v] = %y[v] + %x[v + r] * %w[r]
      }
    } } }
  }`,
  'integers of 64 bits and truth values': `func @mixed(%x: i64[6, 5], %m: bool[5]) -> (%y: i64[6, 5], %z: bool[6]) {
    for i in 6 { for j in 5 { block b(vi: spatial(6) = i, vj: spatial(5) = j) {
      %y[vi, vj] = select(%m[vj], %x[vi, vj] * 3i64, neg(%x[vi, vj]))
    } } }
    for p in 6 { for k in 5 { block any(wi: spatial(6) = p, wk: reduce(5) = k) {
      init { %z[wi] = 0bool }
      %z[wi] = %z[wi] || %x[wi, wk] > 7i64
    } } }
  }`,
  'two reductions, one of the other': `func @both(%x: f32[6, 9, 4]) -> (%y: f32[6]) {
    temp %t: f32[6, 9] global
    for i in 6 { for j in 9 { for k in 4 { block inner(vi: spatial(6) = i, vj: spatial(9) = j, vk: reduce(4) = k) {
      init { %t[vi, vj] = 0f32 }
      %t[vi, vj] = %t[vi, vj] + %x[vi, vj, vk]
    } } } }
    for p in 6 { for r in 9 { block outer(wi: spatial(6) = p, wr: reduce(9) = r) {
      init { %y[wi] = -1000f32 }
      %y[wi] = max(%y[wi], %t[wi, wr])
    } } }
  }`,
  "a schedule of the writer's own": `func @own(%x: f32[16], %y: f32[16]) -> (%z: f32[16]) {
    for o in 4 { for l in 4 vectorized { block b(v: spatial(16) = o * 4 + l) { %z[v] = %x[v] * %y[v] } } }
  }`,
};

const parsed = Object.entries(functions).map(([name, text]): [string, TensorFunc] => [name, parseTensorFunc(text)]);

test.each(parsed)('%s', async (_, func) => {
  verifyFunc(func);
  const inputs = randomInputs(func, 1);
  await expectScheduled(func, inputs, new Set());
  await expectScheduled(func, inputs, new Set(func.inputs.slice(1).map(({ name }) => name)));
  const builder = new GraphBuilder('custom');
  const operands = func.inputs.map(({ name, dtype, shape }) => builder.input(name, dtype, shape));
  const results = builder.ops('call_tir', operands, { func });
  results.forEach((value, i) => {
    builder.output(`y${i}`, value);
  });
  const named = Object.fromEntries(func.inputs.map(({ name }, i) => [name, inputs[i] as (typeof inputs)[number]]));
  expect(await findDifference(builder.finish(), named, { rtol: 0, atol: 0 })).toBeUndefined();
});

test('the rule for the height of a window follows a width that was decided', async () => {
  const func = parseTensorFunc(`func @pool(%x: f32[9, 9, 16]) -> (%y: f32[7, 7, 16]) {
    for i in 7 { for j in 7 { for c in 16 { for a in 3 { for b in 3 {
      block w(vi: spatial(7) = i, vj: spatial(7) = j, vc: spatial(16) = c, va: reduce(3) = a, vb: reduce(3) = b) {
        init { %y[vi, vj, vc] = -100f32 }
        %y[vi, vj, vc] = max(%y[vi, vj, vc], %x[vi + va, vj + vb, vc])
      }
    } } } } }
  }`);
  const decide: Decide = ({ name, candidates, preferred }) =>
    name === 'w.vectors' ? (candidates.at(-1) ?? preferred) : preferred;
  const trace = await expectScheduled(func, randomInputs(func, 1), new Set(), decide);
  expect(decisionsOf(trace).get('w.vectors')).toBe(4);
});
