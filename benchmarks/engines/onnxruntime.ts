import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../ir/tensor-data.ts';
import type { Output, Session, Workload } from './engine.ts';

const TYPES: Readonly<Record<string, Tensor.Type>> = { f32: 'float32', i32: 'int32', i64: 'int64', bool: 'bool' };

type TensorConstructor = new (type: Tensor.Type, data: Tensor.DataType, dims: readonly number[]) => Tensor;

/** Both packages of onnxruntime have one interface. */
export function onnxruntimeSession(
  session: InferenceSession,
  TensorClass: TensorConstructor,
  inputs: Workload['inputs'],
): Session {
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const type = TYPES[dtype];
      if (type === undefined) throw new Error(`no onnxruntime type is known for ${dtype}`);
      return [name, new TensorClass(type, data as Tensor.DataType, shape)];
    }),
  );
  return {
    run: async () => {
      const results = await session.run(feeds);
      return session.outputNames.map((name) => outputOf(results[name], name));
    },
    dispose: () => session.release(),
  };
}

function outputOf(tensor: Tensor | undefined, name: string): Output {
  if (tensor === undefined) throw new Error(`onnxruntime gave no output ${name}`);
  return { shape: tensor.dims, data: tensor.data as TypedArray };
}
