import * as ort from 'onnxruntime-web';
import type { Engine } from './engine.ts';
import { onnxruntimeSession } from './onnxruntime.ts';

/** The `wasm` execution provider on one thread, all graph optimizations on. */
export const onnxruntimeWeb: Engine = {
  name: 'onnxruntime-web',
  async open({ model, inputs }) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    return onnxruntimeSession(session, ort.Tensor, inputs);
  },
};
