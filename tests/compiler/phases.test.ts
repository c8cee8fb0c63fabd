import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitPhases } from '../../compiler/phases.ts';
import { divideParallel, isDivisible } from '../../compiler/tensor-passes/divide-parallel.ts';
import { lowerSchedule } from '../../compiler/tensor-passes/index.ts';
import { ScheduleError } from '../../ir/errors.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../ir/text/parse.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { applyStep } from '../../schedules/trace.ts';
import { arbitraryTensorFunc, randomInputs } from '../generators/tensor-func.ts';
import { runPhases } from './codegen/run-phases.ts';

const canonical = (text: string): string => printTensorFunc(parseTensorFunc(text));

const twoNests = `func @f(%x: f32[16]) -> (%y: f32[16]) {
  temp %t: f32[16] local
  temp %u: f32[16] global
  for a in 16 { block A(va: spatial(16) = a) { %t[va] = %x[va] * 2f32 } }
  for b in 16 { block B(vb: spatial(16) = b) { %u[vb] = %t[vb] + 1f32 } }
  for c in 16 parallel { block C(vc: spatial(16) = c) { %y[vc] = %u[15 - vc] } }
}`;

describe('splitPhases', () => {
  test('gives each parallel loop a phase of its own, and what stands between two another', () => {
    const { funcs, shared } = splitPhases(parseTensorFunc(twoNests));
    expect(funcs.map(printTensorFunc)).toEqual([
      canonical(`func @f(%x: f32[16]) -> (%u: f32[16]) {
        temp %t: f32[16] local
        for a in 16 { block A(va: spatial(16) = a) { %t[va] = %x[va] * 2f32 } }
        for b in 16 { block B(vb: spatial(16) = b) { %u[vb] = %t[vb] + 1f32 } }
      }`),
      printTensorFunc({
        ...parseTensorFunc(`func @f(%u: f32[16]) -> (%y: f32[16]) {
          for c in 16 parallel { block C(vc: spatial(16) = c) { %y[vc] = %u[15 - vc] } }
        }`),
        name: 'f/2',
      }),
    ]);
    expect(shared.map(({ name }) => name)).toEqual(['u']);
  });

  test('leaves a function as it is that is one loop, or has no parallel one on the outside', () => {
    const nested = parseTensorFunc(`func @f(%x: f32[4, 8]) -> (%y: f32[4, 8]) {
      for i in 4 { for j in 8 parallel { block A(vi: spatial(4) = i, vj: spatial(8) = j) { %y[vi, vj] = %x[vi, vj] } } }
    }`);
    const [only, ...others] = splitPhases(nested).funcs;
    expect(others).toEqual([]);
    expect(printTensorFunc(only as TensorFunc)).toBe(printTensorFunc(nested).replace(' parallel', ''));
    const outside = applyStep(splitPhases(nested).funcs[0] as TensorFunc, { primitive: 'parallel', loop: 'i' });
    expect(splitPhases(outside)).toEqual({ funcs: [outside], shared: [] });
  });
});

describe('divideParallel', () => {
  const flat = (text: string): TensorFunc => lowerSchedule(parseTensorFunc(text));

  test('shares the parts that a loop was cut into as the whole', async () => {
    const func = flat(`func @f(%x: f32[12]) -> (%y: f32[12]) {
      for i in 12 parallel { block A(v: spatial(12) = i) { if v >= 2 { %y[v] = %x[v - 2] } else { %y[v] = 0f32 } } }
    }`);
    expect(printTensorFunc(func).match(/parallel .*/g)).toEqual([
      'parallel {from = 0, of = 12} {',
      'parallel {from = 2, of = 12} {',
    ]);
    expect(divideParallel(func).sizes).toEqual(['part', 'parts']);
    const x = { dtype: 'f32', shape: [12], data: Float32Array.from({ length: 12 }, (_, i) => i + 1) } as const;
    const expected = interpretFunc(func, [x]);
    for (const parts of [1, 2, 5, 12, 20])
      expect(await runPhases({ lowered: [func], shared: [] }, func, [x], parts)).toEqual(expected);
  });

  test('leaves a kernel as it is whose parallel loop is not outside', () => {
    const func = flat(`func @f(%x: f32[4, 8]) -> (%y: f32[4, 8]) {
      for i in 4 { for j in 8 parallel { block A(vi: spatial(4) = i, vj: spatial(8) = j) { %y[vi, vj] = %x[vi, vj] } } }
    }`);
    expect(isDivisible(func)).toBe(false);
    expect(divideParallel(func)).toBe(func);
  });
});

/** The function with every loop parallel that stands under no other and may be. */
function allParallel(func: TensorFunc): TensorFunc {
  const loops: string[] = [];
  const outermost = func.body.kind === 'seq' ? func.body.stmts : [func.body];
  for (const stmt of outermost) if (stmt.kind === 'for') loops.push(stmt.loopVar);
  return loops.reduce((current, loop) => {
    try {
      return applyStep(current, { primitive: 'parallel', loop });
    } catch (error) {
      if (error instanceof ScheduleError) return current;
      throw error;
    }
  }, func);
}

test('phases that are run in parts compute what the function does', { timeout: 3_600_000 }, async () => {
  let divided = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryTensorFunc(), fc.nat(), fc.integer({ min: 1, max: 6 }), async (random, seed, parts) => {
      const func = allParallel(random);
      const { funcs, shared } = splitPhases(func);
      const lowered = funcs.map((phase) => lowerSchedule(phase));
      divided += lowered.filter(isDivisible).length;
      const inputs = randomInputs(func, seed);
      const whole = { lowered: [lowerSchedule(random)], shared: [] };
      const expected = await runPhases(whole, func, inputs);
      expect(await runPhases({ lowered, shared }, func, inputs, parts), printTensorFunc(func)).toEqual(expected);
    }),
    { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 80) },
  );
  expect(divided).toBeGreaterThan(0);
});
