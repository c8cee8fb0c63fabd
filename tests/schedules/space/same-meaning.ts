import { expect } from 'vitest';
import { operandOf } from '../../../compiler/hoist-constants.ts';
import { buildKernel, type Kernel } from '../../../compiler/kernels.ts';
import { onlyDirect } from '../../../compiler/lower/workload.ts';
import { isFloat } from '../../../ir/dtype.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { asDecided, byRule, type Decide, decisionsOf } from '../../../schedules/decision.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import { wasmSimd } from '../../../schedules/target/target.ts';
import { replay, type Step, type Trace } from '../../../schedules/trace.ts';
import { printStep } from '../../../schedules/trace-text.ts';
import { runPhases } from '../../compiler/codegen/run-phases.ts';

/** Vector code may take either of two zeros for a minimum or maximum, and a NaN's bits are no part of its meaning. */
const canonical = ({ dtype, data }: TensorData): readonly unknown[] =>
  Array.from(data as Iterable<number | bigint>, (x) => {
    if (dtype === 'f16' && typeof x === 'number') return (x & 0x7fff) > 0x7c00 ? Number.NaN : x === 0x8000 ? 0 : x;
    return x === 0 ? 0 : x;
  });

/** A constant's place among the kernel's inputs may be taken by what was packed from it. */
const kernelInputs = (kernel: Kernel, inputs: readonly TensorData[]): readonly TensorData[] =>
  kernel.inputs.map((input) => operandOf(input, inputs[input.source] as TensorData));

/** Partial results, which floats round otherwise. */
const isReassociation = (step: Step): boolean => step.primitive === 'rfactor';

const integersOf = (func: TensorFunc) => (elements: readonly unknown[], output: number) =>
  isFloat(func.outputs[output]?.dtype ?? 'f32') ? [] : elements;

/** The tiles of the variant for relaxed SIMD are higher; what they compute is the same, before products are fused. */
async function expectRelaxed(kernel: Kernel, inputs: readonly TensorData[]): Promise<void> {
  const { lowered, relaxed, operands } = kernel;
  if (relaxed.lowered === lowered) return;
  expect((await runPhases(relaxed, operands, inputs)).map(canonical)).toEqual(
    (await runPhases(kernel, operands, inputs)).map(canonical),
  );
}

/**
 * A schedule of a function's search space, the default one if no other is asked for, is well-formed, replays from its trace as JSON, means the same, and so does the
 * WebAssembly made from it: to the bit, but for float results of a schedule that adds up in another order.
 */
export async function expectScheduled(
  func: TensorFunc,
  inputs: readonly TensorData[],
  constants: ReadonlySet<string>,
  decide: Decide = byRule,
): Promise<Trace> {
  let trace: Trace = [];
  try {
    const schedule = scheduleWorkload(onlyDirect(func), { target: wasmSimd, constants }, decide);
    trace = schedule.trace;
    verifyFunc(schedule.func);
    expect(replay(func, JSON.parse(JSON.stringify(trace)))).toEqual(schedule.func);
    const expected = interpretFunc(schedule.func, inputs).map(canonical);
    const exact = interpretFunc(func, inputs).map(canonical);
    expect(trace.some(isReassociation) ? expected.map(integersOf(func)) : expected).toEqual(
      trace.some(isReassociation) ? exact.map(integersOf(func)) : exact,
    );
    const kernel = buildKernel(
      onlyDirect(func),
      { constants },
      { target: wasmSimd, decide: asDecided(decisionsOf(trace)) },
    );
    expect(kernel.trace).toEqual(trace);
    for (const parts of [1, 3]) {
      const results = await runPhases(kernel, kernel.operands, kernelInputs(kernel, inputs), parts);
      expect(results.map(canonical)).toEqual(expected);
    }
    await expectRelaxed(kernel, kernelInputs(kernel, inputs));
  } catch (error) {
    const steps = trace.map(printStep).join('\n');
    throw new Error(`${(error as Error).message}\nof\n${printTensorFunc(func)}\n${steps}`, { cause: error });
  }
  return trace;
}
