import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countKernel } from '../../../compiler/counts/count-kernel.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { ScheduleError } from '../../../ir/errors.ts';
import { add, buffer, int, load, seq, store } from '../../../ir/tensor/build.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { Expr, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { mapChildren, walk, walkExpr } from '../../../ir/tensor/visit.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { applyStep } from '../../../schedules/trace.ts';
import { choicesFrom } from '../../generators/random.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';
import { randomStep } from '../../schedules/random-steps.ts';

const executed = buffer('executed', 'i32', [2]);
const [loadCount, storeCount] = [0, 1];

const instructions = (indices: readonly Expr[]): number =>
  indices[0]?.kind === 'ramp' ? 1 : lanesOf(indices[0] as Expr);

function loadsIn(expr: Expr): number {
  let loads = 0;
  walkExpr(expr, (node) => {
    if (node.kind === 'load') loads += instructions(node.indices);
  });
  return loads;
}

const increment = (at: number, by: number): Stmt => store(executed, [int(at)], add(load(executed, [int(at)]), int(by)));

/** The same function, which besides counts in a buffer what it loads and stores as it runs. */
function instrumented(func: TensorFunc): TensorFunc {
  const visit = (stmt: Stmt): Stmt => {
    let loads = 0;
    const mapped = mapChildren(stmt, {
      stmt: visit,
      expr: (expr) => {
        loads += loadsIn(expr);
        return expr;
      },
    });
    const stores = stmt.kind === 'store' ? instructions(stmt.indices) : 0;
    return seq([increment(loadCount, loads), increment(storeCount, stores), mapped]);
  };
  const body = seq([...[loadCount, storeCount].map((at) => store(executed, [int(at)], int(0))), visit(func.body)]);
  return { ...func, outputs: [...func.outputs, executed], body };
}

/** Whether a function runs the same statements whatever its inputs are. */
function isStraight(func: TensorFunc): boolean {
  let straight = true;
  walk(func.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'if' || (stmt.kind === 'for' && stmt.extent.kind !== 'const')) straight = false;
    },
  });
  return straight;
}

/** The function after some random legal steps, in flat form. */
function scheduled(func: TensorFunc, numbers: readonly number[]): TensorFunc {
  const choices = choicesFrom(numbers);
  let current = func;
  for (let round = 0; round < 4; round++) {
    const step = randomStep(current, choices);
    try {
      if (step !== undefined) current = applyStep(current, step);
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
    }
  }
  return lowerSchedule(current);
}

test('loads and stores are those that a run executes, and at least those where there are conditions', () => {
  let exact = 0;
  fc.assert(
    fc.property(arbitraryTensorFunc(), fc.array(fc.nat(255), { maxLength: 40 }), fc.nat(), (func, numbers, seed) => {
      const kernel = scheduled(func, numbers);
      const inputs = randomInputs(func, seed).map((input) => ({ ...input, shape: [input.data.length] }));
      const { data } = interpretFunc(instrumented(kernel), inputs).at(-1) as TensorData;
      const [loads, stores] = Array.from(data, Number) as [number, number];
      const { counts } = countKernel(kernel);
      const counted = `${counts.loads} loads, ${counts.stores} stores`;
      const text = printTensorFunc(kernel);
      if (isStraight(kernel)) {
        exact++;
        expect(counted, text).toBe(`${loads} loads, ${stores} stores`);
      }
      expect(counts.loads, text).toBeGreaterThanOrEqual(loads);
      expect(counts.stores, text).toBeGreaterThanOrEqual(stores);
    }),
    { numRuns: 150 },
  );
  expect(exact).toBeGreaterThan(50);
});
