import { isDeepStrictEqual } from 'node:util';
import { compareTensors, describeDifference, type Tolerance } from '../../compiler/io/compare.ts';
import { flatForms, type Kernel } from '../../compiler/kernels.ts';
import { type CompileOptions, compile } from '../../compiler/pipeline.ts';
import { isFloat } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { verifyFunc } from '../../ir/tensor/verify.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';
import { replay } from '../../schedules/trace.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

/** The inputs with a NaN for every float. */
const poisoned = (inputs: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const poison = data.slice() as Float32Array;
      if (isFloat(dtype)) poison.fill(dtype === 'f16' ? f16FromNumber(Number.NaN) : Number.NaN);
      return [name, { dtype, shape, data: poison }];
    }),
  );

/**
 * Loads an artifact and runs it twice, the second time when another run has left NaN in memory: what a kernel reads it
 * or another must have written.
 */
async function runTwice(files: ArtifactFiles, relaxedSimd: boolean, inputs: Tensors): Promise<Tensors> {
  const model = await load(files, { relaxedSimd });
  const first = await model.run(inputs);
  await model.run(poisoned(inputs));
  const second = await model.run(inputs);
  for (const [name, output] of Object.entries(first)) {
    const difference = compareTensors(second[name] as TensorData, output, { rtol: 0, atol: 0 });
    if (difference.wrong > 0) throw new Error(`the second run: ${name}: ${describeDifference(difference)}`);
  }
  model.dispose();
  return first;
}

/** Every form of a kernel is well-formed, and its schedule follows from its trace. */
function checkKernel(kernel: Kernel): void {
  const { tensor, trace, scheduled } = kernel;
  for (const form of [tensor, scheduled, ...flatForms(kernel)]) verifyFunc(form);
  if (!isDeepStrictEqual(replay(tensor, trace), scheduled)) throw new Error(`${tensor.name} is scheduled otherwise`);
}

/** How the compiled graph's results, by either variant of its kernels, differ from the interpreted one's; with its text. */
export async function findDifference(
  graph: Graph,
  inputs: Tensors,
  tolerance: Tolerance,
  options: CompileOptions = {},
): Promise<string | undefined> {
  const text = printGraph(graph);
  try {
    const expected = interpretGraph(graph, inputs);
    const { files, calls } = await compile(graph, options);
    for (const { kernel } of calls) checkKernel(kernel);
    for (const relaxedSimd of [false, true]) {
      const actual = await runTwice(files, relaxedSimd, inputs);
      for (const [name, tensor] of Object.entries(expected)) {
        const difference = compareTensors(actual[name] as TensorData, tensor, tolerance);
        if (difference.wrong > 0) return `output ${name}: ${describeDifference(difference)}\n${text}`;
      }
    }
    return undefined;
  } catch (error) {
    throw new Error(`${(error as Error).message}\nof the graph\n${text}`, { cause: error });
  }
}
