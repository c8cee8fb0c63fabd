import { invariant } from '../../../ir/errors.ts';
import { randomSource } from '../../../ir/random.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { randomTensor } from '../../io/random-inputs.ts';
import type { Bench, Instance } from './bench.ts';
import { type Expected, expectation } from './check.ts';
import { openInstance } from './instance.ts';
import type { TaskProgram } from './programs.ts';

/** A task whose operands are there, with the results that its candidates have to give. */
export interface OpenTask<I extends Instance> {
  readonly program: TaskProgram;
  readonly operands: readonly TensorData[];
  readonly expected: readonly Expected[];
  readonly anchor: I;
}

/** Operands are the same wherever and whenever a task is measured. */
const SEED = 1;

/** Makes the operands and runs the reference on them. Throws where a kernel of the task cannot be run. */
export async function openTask<I extends Instance>(bench: Bench<I>, program: TaskProgram): Promise<OpenTask<I>> {
  const next = randomSource(SEED);
  const operands = program.operands.map(({ dtype, shape, data }) =>
    data === undefined ? randomTensor({ dtype, shape }, next) : { dtype, shape, data },
  );
  const reference = await openInstance(await WebAssembly.compile(program.module), program.reference, operands);
  reference.run();
  const [openAnchor] = await bench.open({ module: program.module, kernels: [program.anchor] }, operands);
  invariant(openAnchor !== undefined, 'a bench gives each kernel that it is given');
  return {
    program,
    operands,
    expected: reference.outputs(program.outputs).map((tensor) => expectation(tensor, program.isRounded)),
    anchor: await openAnchor(),
  };
}
