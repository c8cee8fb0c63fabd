import * as ort from 'onnxruntime-web';
import type { TypedArray } from '../../ir/tensor-data.ts';
import type { Engine } from './engine.ts';

const TYPES: Readonly<Record<string, ort.Tensor.Type>> = { f32: 'float32', i32: 'int32', i64: 'int64', bool: 'bool' };

export const onnxruntimeWeb: Engine = {
  name: 'onnxruntime-web',
  async prepare({ model, inputs }) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
        const type = TYPES[dtype];
        if (type === undefined) throw new Error(`no onnxruntime-web type is known for ${dtype}`);
        return [name, new ort.Tensor(type, data as ort.Tensor.DataType, shape)];
      }),
    );
    return {
      run: async () => {
        const results = await session.run(feeds);
        return session.outputNames.map((name) => outputOf(results[name], name));
      },
      dispose: () => session.release(),
    };
  },
};

function outputOf(tensor: ort.Tensor | undefined, name: string) {
  if (tensor === undefined) throw new Error(`onnxruntime-web gave no output ${name}`);
  return { shape: tensor.dims, data: tensor.data as TypedArray };
}
