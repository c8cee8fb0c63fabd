import { randomSource } from '../../../ir/random.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { randomTensor } from '../../io/random-inputs.ts';
import { type Expected, expectation } from './check.ts';
import { type KernelInstance, openInstance } from './instance.ts';
import type { TaskProgram } from './programs.ts';

/** A task whose operands are there, with the results that its candidates have to give. */
export interface OpenTask {
  readonly program: TaskProgram;
  readonly operands: readonly TensorData[];
  readonly expected: readonly Expected[];
  readonly anchor: KernelInstance;
}

/** Operands are the same wherever and whenever a task is measured. */
const SEED = 1;

/** Makes the operands and runs the reference on them. Throws where a kernel of the task traps. */
export async function openTask(program: TaskProgram): Promise<OpenTask> {
  const next = randomSource(SEED);
  const operands = program.operands.map(({ dtype, shape, data }) =>
    data === undefined ? randomTensor({ dtype, shape }, next) : { dtype, shape, data },
  );
  const module = await WebAssembly.compile(program.module);
  const reference = await openInstance(module, program.reference, operands);
  reference.run();
  return {
    program,
    operands,
    expected: reference.outputs(program.outputs).map((tensor) => expectation(tensor, program.isRounded)),
    anchor: await openInstance(module, program.anchor, operands),
  };
}
