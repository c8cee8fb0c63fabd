import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompilerError, UnsupportedError } from '../../ir/errors.ts';
import { load } from '../../runtime/load.ts';
import { compareTensors, describeDifference, type Tolerance } from '../io/compare.ts';
import { readTensorFolder } from '../io/tensor-folder.ts';
import { decodeModel } from '../onnx/decode.ts';
import { importOnnx } from '../onnx/import.ts';
import { compile } from '../pipeline.ts';
import type { ConformanceTest } from './suite.ts';

export interface Verdict {
  readonly name: string;
  readonly verdict: 'pass' | 'refused' | 'fail';
  /** Why the test was refused or failed. */
  readonly reason?: string;
  /** The operators of its model, each once. */
  readonly operators: readonly string[];
}

/** Compiles the test's model for the shapes of its inputs, runs it, and compares. Never throws. */
export async function runTest(test: ConformanceTest, tolerance: Tolerance): Promise<Verdict> {
  let operators: readonly string[] = [];
  try {
    const bytes = await readFile(join(test.folder, 'model.onnx'));
    operators = [...new Set(decodeModel(bytes).graph.node.map((node) => node.opType))];
    const reason = await firstDifference(test, bytes, tolerance);
    return { name: test.name, operators, verdict: reason === undefined ? 'pass' : 'fail', ...(reason && { reason }) };
  } catch (error) {
    const refused = error instanceof UnsupportedError;
    const reason = error instanceof CompilerError ? error.message : String((error as Error).stack);
    return { name: test.name, operators, verdict: refused ? 'refused' : 'fail', reason };
  }
}

async function firstDifference(
  test: ConformanceTest,
  bytes: Uint8Array,
  tolerance: Tolerance,
): Promise<string | undefined> {
  const sets = (await readdir(test.folder)).filter((name) => name.startsWith('test_data_set_')).sort();
  for (const set of sets) {
    const folder = join(test.folder, set);
    const names = inputNames(bytes);
    const inputs = await readTensorFolder(folder, 'input', names);
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, tensor.shape]));
    const { files } = await compile(importOnnx(bytes, { shapes }));
    const model = await load(files);
    const outputs = await model.run(inputs);
    model.dispose();
    const expected = await readTensorFolder(folder, 'output', Object.keys(outputs));
    for (const [name, tensor] of Object.entries(expected)) {
      const actual = outputs[name];
      if (actual === undefined) return `${set}: no output ${name}`;
      const difference = compareTensors(actual, tensor, tolerance);
      if (difference.wrong > 0) return `${set}: output ${name}: ${describeDifference(difference)}`;
    }
  }
  return undefined;
}

/** Initializers that are listed as inputs are not fed. */
function inputNames(bytes: Uint8Array): readonly string[] {
  const { graph } = decodeModel(bytes);
  const initializers = new Set(graph.initializer.map((initializer) => initializer.name));
  return graph.input.map((input) => input.name).filter((name) => !initializers.has(name));
}
