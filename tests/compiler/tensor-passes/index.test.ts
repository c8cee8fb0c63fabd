import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dim, symbolDim } from '../../../ir/dim.ts';
import { ScheduleError } from '../../../ir/errors.ts';
import type { Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { applyStep } from '../../../schedules/trace.ts';
import { choicesFrom } from '../../generators/random.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';
import { randomStep } from '../../schedules/random-steps.ts';
import { scheduledGemm } from './programs.ts';
import { expectSameMeaning } from './same-meaning.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 120);

/** Where a function breaks what code generators rely on. */
function flawsOf(func: TensorFunc): readonly string[] {
  const flaws: string[] = [];
  for (const { name, shape, scope } of [...func.inputs, ...func.outputs, ...func.temps]) {
    if (shape.length !== 1 || !['global', 'thread'].includes(scope))
      flaws.push(`buffer ${name} has ${shape.length} dimensions, in ${scope}`);
  }
  walk(func.body, {
    stmt: (stmt: Stmt) => {
      if (stmt.kind === 'block') flaws.push(`block ${stmt.name}`);
      if (stmt.kind === 'for' && !['serial', 'parallel'].includes(stmt.loopKind)) flaws.push(`${stmt.loopKind} loop`);
    },
    expr: (expr) => {
      if (![1, 4].includes(lanesOf(expr))) flaws.push(`${lanesOf(expr)} lanes`);
    },
  });
  return flaws;
}

/** Functions of f64 that legalize-math refuses. */
function hasMathOnF64(func: TensorFunc): boolean {
  let found = false;
  walk(func.body, {
    expr: (expr) => {
      const isMath =
        expr.kind === 'unary' && !['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'sqrt', 'isnan'].includes(expr.op);
      const isPower = expr.kind === 'binary' && expr.op === 'pow';
      found ||= expr.dtype === 'f64' && (isMath || isPower);
    },
  });
  return found;
}

describe('lowering a scheduled function', () => {
  test('keeps the meaning of random functions, pass by pass', () => {
    fc.assert(
      fc.property(arbitraryTensorFunc(), fc.nat(), (func, seed) => {
        fc.pre(!hasMathOnF64(func));
        expect(flawsOf(expectSameMeaning(func, randomInputs(func, seed)))).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  test('keeps the meaning of random schedules, pass by pass', () => {
    fc.assert(
      fc.property(arbitraryTensorFunc(), fc.array(fc.nat(255), { minLength: 40, maxLength: 120 }), (func, numbers) => {
        fc.pre(!hasMathOnF64(func));
        const choices = choicesFrom(numbers);
        let scheduled = func;
        for (let n = 0; n < 15; n++) {
          try {
            scheduled = applyStep(scheduled, randomStep(scheduled, choices));
          } catch (error) {
            if (!(error instanceof ScheduleError)) throw error;
          }
        }
        expect(flawsOf(expectSameMeaning(scheduled, randomInputs(scheduled, numbers[0] ?? 0)))).toEqual([]);
      }),
      { numRuns: 2 * runs },
    );
  });

  const extent = fc.integer({ min: 1, max: 19 });
  const tile = fc.record({
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.constantFrom(4, 8, 12),
    steps: fc.integer({ min: 1, max: 4 }),
  });

  test('keeps the meaning of matrix products of all shapes and tiles', () => {
    fc.assert(
      fc.property(extent, extent, extent, tile, fc.nat(), (m, n, k, { rows, columns, steps }, seed) => {
        const func = scheduledGemm({ m, n, k, rows, columns, steps });
        expect(flawsOf(expectSameMeaning(func, randomInputs(func, seed)))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps the meaning of matrix products one of whose sizes is a symbol', () => {
    fc.assert(
      fc.property(fc.tuple(extent, extent, extent), fc.nat(2), tile, fc.nat(), (dims, symbolic, part, seed) => {
        const [m, n, k] = dims.map((dim, i) => (i === symbolic ? symbolDim('mnk'.charAt(i)) : dim)) as [Dim, Dim, Dim];
        const func = scheduledGemm({ m, n, k, ...part });
        const sizes = new Map(
          dims.map((dim, i) => ['mnk'.charAt(i), dim] as const).filter(([name]) => func.sizes.includes(name)),
        );
        const inputs = randomInputs(func, seed, sizes);
        expect(flawsOf(expectSameMeaning(func, inputs, sizes))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
