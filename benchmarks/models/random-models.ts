import { importOnnx } from '../../compiler/index.ts';
import { isStatic } from '../../ir/dim.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import type { Output, Workload } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { RANDOM_MODELS } from './index.ts';
import type { ModelCase } from './model-case.ts';
import { randomFloats, randomStream } from './random.ts';

/** The models with random weights, on random inputs; native onnxruntime gives the outputs to compare with. */
export const randomModels: readonly ModelCase[] = Object.entries(RANDOM_MODELS).map(([id, build]) => ({
  id,
  load: async () => {
    const model = build();
    const workload = { model, inputs: randomInputs(model) };
    return { ...workload, outputs: await referenceOutputs(workload) };
  },
}));

export async function referenceOutputs(workload: Workload): Promise<readonly Output[]> {
  const session = await onnxruntimeNode.open(workload);
  const outputs = await session.run();
  await session.dispose();
  return outputs;
}

export function randomInputs(model: Uint8Array): Workload['inputs'] {
  const next = randomStream(2);
  return Object.fromEntries(importOnnx(model).inputs.map((input) => [input.name, randomInput(input, next)]));
}

/** Every vocabulary has that many tokens. */
const TOKENS = 1000;

function randomInput({ name, type }: Value, next: () => number): TensorData {
  const { dtype } = type;
  const shape = type.shape.filter(isStatic);
  const count = elementCount(shape);
  if (dtype === 'f32') return { dtype, shape, data: randomFloats(next, count, 1) };
  if (dtype !== 'i64') throw new Error(`no random ${dtype} for input ${name}`);
  return { dtype, shape, data: BigInt64Array.from({ length: count }, () => BigInt(Math.floor(next() * TOKENS))) };
}
