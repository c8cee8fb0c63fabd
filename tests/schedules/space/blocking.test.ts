import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onlyDirect } from '../../../compiler/lower/workload.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { asDecided, decisionsOf } from '../../../schedules/decision.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import type { Choice } from '../../../schedules/step.ts';
import { type Target, wasmRelaxedSimd, wasmSimd } from '../../../schedules/target/target.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { expectScheduled } from './same-meaning.ts';

const product = (m: number, k: number, n: number): TensorFunc =>
  parseTensorFunc(`func @f(%a: f32[${m}, ${k}], %b: f32[${k}, ${n}]) -> (%c: f32[${m}, ${n}]) {
    for i in ${m} { for j in ${n} { for r in ${k} {
      block dot(vi: spatial(${m}) = i, vj: spatial(${n}) = j, vr: reduce(${k}) = r) {
        init { %c[vi, vj] = 0f32 }
        %c[vi, vj] = %c[vi, vj] + %a[vi, vr] * %b[vr, vj]
      }
    } } }
  }`);

const constants = new Set(['b']);

/** What the rules decide for a product with constant weights. */
function decided(m: number, k: number, n: number, target: Target = wasmSimd): Readonly<Record<string, Choice>> {
  const { trace } = scheduleWorkload(onlyDirect(product(m, k, n)), { target, constants });
  return Object.fromEntries(decisionsOf(trace));
}

describe('what of a product stays in the cache', () => {
  test('all of a small one', () => {
    expect(decided(64, 64, 64)).toMatchObject({ 'dot.panels-outside': false, 'dot.row-tiles': 0, 'dot.streams': 1 });
  });

  test('the rows, while panels of large weights pass once, each as several streams', () => {
    expect(decided(128, 768, 768)).toMatchObject({ 'dot.panels-outside': true, 'dot.streams': 4 });
  });

  test('a block of rows, where neither the rows nor the weights do', () => {
    expect(decided(1000, 1024, 1024)).toMatchObject({ 'dot.panels-outside': false, 'dot.row-tiles': 5 });
  });

  test('weights whose reduction is not divisible are one stream', () => {
    expect(decided(128, 767, 768)).not.toHaveProperty(['dot.streams']);
  });
});

test('with relaxed SIMD tiles are as high as fits, unless a row alone is left', () => {
  const rows = (m: number): Choice | undefined => decided(m, 64, 64, wasmRelaxedSimd)['dot.rows'];
  expect([48, 128, 49].map(rows)).toEqual([6, 6, 5]);
});

test('sums stay in registers and the reduction is free of tests, whether or not blocks of tiles divide the rows', () => {
  const extent = fc.integer({ min: 40, max: 140 });
  fc.assert(
    fc.property(extent, fc.integer({ min: 1, max: 5 }), fc.constantFrom(4, 8, 16), (m, height, tiles) => {
      const known = { 'dot.panels-outside': false, 'dot.rows': height, 'dot.row-tiles': tiles };
      const decide = asDecided(new Map<string, Choice>(Object.entries(known)));
      const { func } = scheduleWorkload(onlyDirect(product(m, 24, 20)), { target: wasmSimd, constants }, decide);
      const lowered = lowerSchedule(func);
      expect(lowered.temps.filter(({ scope }) => scope !== 'global')).toEqual([]);
      expect(printTensorFunc(lowered)).not.toMatch(/\bif\b/);
    }),
    { numRuns: 60 },
  );
});

describe('streams', () => {
  const func = product(13, 24, 20);
  const inputs = randomInputs(func, 3);

  test.each([1, 16, 48, 96])('mean the same with %i operations unrolled', async (unrolled) => {
    const decide = asDecided(new Map<string, Choice>(Object.entries({ 'dot.streams': 4, 'dot.unrolled': unrolled })));
    const trace = await expectScheduled(func, inputs, constants, decide);
    const steps = trace.find((step) => step.primitive === 'split' && step.names?.[1]?.endsWith('_step'));
    expect(steps).toMatchObject({ factors: [null, unrolled > 80 ? 8 : 4] });
    expect(trace).toContainEqual({
      primitive: 'transform-layout',
      buffer: 'b',
      layout: [
        { dim: 1, div: 8 },
        { dim: 0, mod: 4 },
        { dim: 0, div: 4 },
        { dim: 1, mod: 8 },
      ],
    });
  });
});
