import type { Graph } from '../../ir/graph/graph.ts';
import { printGraph } from '../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { printStep } from '../../schedules/trace-text.ts';
import { writeArtifact } from '../artifact/write.ts';
import { emitWat } from '../codegen/wasm/index.ts';
import { flatForms } from '../kernels.ts';
import type { Compilation } from '../pipeline.ts';

/** Writes what a compilation went through, one file a stage and, for kernels, one a kernel and stage. */
export async function dumpIr(
  folder: string,
  graph: Graph,
  compilation: Compilation,
  signal?: AbortSignal,
): Promise<void> {
  const entries = new Map<string, string>([
    ['1-imported.tir', printGraph(graph)],
    ['2-fused.tir', printGraph(compilation.fused)],
    ['6-kernels.wat', await emitWat(compilation.files['kernels.wasm'] as Uint8Array)],
  ]);
  for (const kernel of new Set(compilation.calls.map((call) => call.kernel))) {
    const file = kernel.name.replaceAll(/[^\w.-]+/g, '_');
    entries.set(`3-tensor/${file}.tir`, printTensorFunc(kernel.tensor));
    entries.set(`4-scheduled/${file}.trace`, kernel.trace.map((step) => `${printStep(step)}\n`).join(''));
    entries.set(`4-scheduled/${file}.tir`, printTensorFunc(kernel.scheduled));
    entries.set(`5-lowered/${file}.tir`, flatForms(kernel).map(printTensorFunc).join('\n'));
  }
  const encoder = new TextEncoder();
  await writeArtifact(
    Object.fromEntries([...entries].map(([name, text]) => [name, encoder.encode(text)])),
    folder,
    signal,
  );
}
