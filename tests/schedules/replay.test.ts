import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFloat } from '../../ir/dtype.ts';
import { ScheduleError } from '../../ir/errors.ts';
import { f16ToNumber } from '../../ir/f16.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import { verifyFunc } from '../../ir/tensor/verify.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { primitives } from '../../schedules/primitives/table.ts';
import { applyStep, type PrimitiveName, parseTrace, replay, type Step } from '../../schedules/trace.ts';
import { printStep } from '../../schedules/trace-text.ts';
import { choicesFrom } from '../generators/random.ts';
import { arbitraryTensorFunc, randomInputs } from '../generators/tensor-func.ts';
import { backwards, randomStep } from './random-steps.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 150);

/** These change the order of a reduction, and with it how floats round. */
const rounding: ReadonlySet<PrimitiveName> = new Set(['reorder', 'rfactor']);

const numbersOf = ({ dtype, data }: TensorData): readonly number[] =>
  Array.from<number | bigint, number>(data, (value) => (dtype === 'f16' ? f16ToNumber(Number(value)) : Number(value)));

function isClose(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

describe('a trace of legal steps', () => {
  test('gives a well-formed function that computes the same', () => {
    const applied = new Map<string, number>();
    assert(
      property(arbitraryTensorFunc(), array(nat(255), { minLength: 40, maxLength: 120 }), (func, numbers) => {
        const choices = choicesFrom(numbers);
        const inputs = randomInputs(func, numbers[0] ?? 0);
        const expected = interpretFunc(func, inputs);
        const trace: Step[] = [];
        let current = func;
        for (let n = 0; n < 12; n++) {
          const step = randomStep(current, choices);
          try {
            current = applyStep(current, step);
          } catch (error) {
            if (!(error instanceof ScheduleError)) throw error;
            continue;
          }
          trace.push(step);
          applied.set(step.primitive, (applied.get(step.primitive) ?? 0) + 1);
          const place = trace.map(printStep).join('; ');
          verifyFunc(current);
          const rounds = trace.some(({ primitive }) => rounding.has(primitive));
          interpretFunc(backwards(current), inputs).forEach((actual, i) => {
            const wanted = expected[i] as TensorData;
            const tolerance = rounds && isFloat(wanted.dtype) ? (wanted.dtype === 'f16' ? 2e-2 : 1e-4) : 0;
            const values = numbersOf(wanted);
            const wrong = numbersOf(actual).findIndex((value, at) => !isClose(value, values[at] as number, tolerance));
            expect({ place, output: i, differsAt: wrong }).toMatchObject({ differsAt: -1 });
          });
        }
        expect(replay(func, parseTrace(JSON.parse(JSON.stringify(trace))))).toEqual(current);
      }),
      { numRuns: runs },
    );
    expect([...applied.keys()].sort()).toEqual(Object.keys(primitives).sort());
  });
});
