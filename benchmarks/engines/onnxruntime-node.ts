import * as ort from 'onnxruntime-node';
import type { Engine } from './engine.ts';
import { onnxruntimeSession } from './onnxruntime.ts';

/** Native code, which uses all vector instructions of the processor: on one thread, all graph optimizations on. */
export const onnxruntimeNode: Engine = {
  name: 'onnxruntime-node',
  async open({ model, inputs }) {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
    return onnxruntimeSession(session, ort.Tensor, inputs);
  },
};
