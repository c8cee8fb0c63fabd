import { compareTensors, describeDifference, type Tolerance } from '../../compiler/io/compare.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

/** Loads an artifact and runs it twice: what one run leaves in memory must not change the next. */
async function runTwice(files: ArtifactFiles, relaxedSimd: boolean, inputs: Tensors): Promise<Tensors> {
  const model = await load(files, { relaxedSimd });
  const first = await model.run(inputs);
  const second = await model.run(inputs);
  for (const [name, output] of Object.entries(first)) {
    const difference = compareTensors(second[name] as TensorData, output, { rtol: 0, atol: 0 });
    if (difference.wrong > 0) throw new Error(`the second run: ${name}: ${describeDifference(difference)}`);
  }
  model.dispose();
  return first;
}

/** How the compiled graph's results, by either variant of its kernels, differ from the interpreted one's; with its text. */
export async function findDifference(graph: Graph, inputs: Tensors, tolerance: Tolerance): Promise<string | undefined> {
  const text = printGraph(graph);
  try {
    const expected = interpretGraph(graph, inputs);
    const { files } = await compile(graph);
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
