import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompilerError, UnsupportedError } from '../../ir/errors.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { loadOn, targetsFor } from '../devices/load-on.ts';
import { compareTensors, describeDifference, type Tolerance } from '../io/compare.ts';
import { readTensorFolder } from '../io/tensor-folder.ts';
import { decodeModel } from '../onnx/decode.ts';
import { importOnnx } from '../onnx/import.ts';
import { compile, type TargetName } from '../pipeline.ts';
import type { ConformanceTest } from './suite.ts';
import { toleranceOf } from './tolerance.ts';

export interface Verdict {
  readonly name: string;
  readonly verdict: 'pass' | 'refused' | 'fail';
  /** Why the test was refused or failed. */
  readonly reason?: string;
  /** The operators of its model, each once. */
  readonly operators: readonly string[];
}

type Tensors = Readonly<Record<string, TensorData>>;

/** Compiles the test's model for the shapes of its inputs, runs it on a device, and compares. Never throws. */
export async function runTest(
  test: ConformanceTest,
  tolerance: Tolerance,
  device: TargetName = 'wasm',
): Promise<Verdict> {
  let operators: readonly string[] = [];
  try {
    const bytes = await readFile(join(test.folder, 'model.onnx'));
    operators = [...new Set(decodeModel(bytes).graph.node.map((node) => node.opType))];
    const reason = await firstDifference(test, bytes, toleranceOf(test.name, tolerance), device);
    return { name: test.name, operators, verdict: reason === undefined ? 'pass' : 'fail', ...(reason && { reason }) };
  } catch (error) {
    const refused = error instanceof UnsupportedError;
    const reason = error instanceof CompilerError ? error.message : String((error as Error).stack);
    return { name: test.name, operators, verdict: refused ? 'refused' : 'fail', reason };
  }
}

async function firstDifference(
  { folder }: ConformanceTest,
  bytes: Uint8Array,
  tolerance: Tolerance,
  device: TargetName,
): Promise<string | undefined> {
  const sets = (await readdir(folder)).filter((name) => name.startsWith('test_data_set_')).sort();
  if (sets.length === 0) return 'it has no test_data_set_N';
  const { inputs: inputNames, outputs: outputNames } = interfaceOf(bytes);
  for (const set of sets) {
    const inputs = await readTensorFolder(join(folder, set), 'input', inputNames);
    const expected = await readTensorFolder(join(folder, set), 'output', outputNames);
    if (Object.keys(expected).length === 0) return `${set}: it has no output_N.pb`;
    const outputs = await compileAndRun(bytes, inputs, device);
    for (const [name, tensor] of Object.entries(expected)) {
      const difference = compareTensors(outputs[name] as TensorData, tensor, tolerance);
      if (difference.wrong > 0) return `${set}: output ${name}: ${describeDifference(difference)}`;
    }
  }
  return undefined;
}

async function compileAndRun(bytes: Uint8Array, inputs: Tensors, device: TargetName): Promise<Tensors> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, tensor.shape]));
  const { files } = await compile(importOnnx(bytes, { shapes }), { targets: targetsFor(device) });
  const { model, close } = await loadOn(device, files, {});
  try {
    return await model.run(inputs);
  } finally {
    await close();
  }
}

/** What test data is counted by: initializers that are listed as inputs are not fed. */
function interfaceOf(bytes: Uint8Array): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  const { graph } = decodeModel(bytes);
  const initializers = new Set(graph.initializer.map((initializer) => initializer.name));
  const inputs = graph.input.map((input) => input.name).filter((name) => !initializers.has(name));
  return { inputs, outputs: graph.output.map((output) => output.name) };
}
