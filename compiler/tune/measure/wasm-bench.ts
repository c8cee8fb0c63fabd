import { invariant } from '../../../ir/errors.ts';
import type { Bench } from './bench.ts';
import { type KernelInstance, openInstance } from './instance.ts';
import { Sampler } from './sampling.ts';

/** Runs kernels on the engine's own WebAssembly. Needs nothing of Node. */
export const wasmBench: Bench<KernelInstance> = {
  open: async ({ module: bytes, kernels }, operands) => {
    const module = await WebAssembly.compile(bytes);
    return kernels.map((kernel) => () => {
      invariant('steps' in kernel, 'a kernel that runs here is one of WebAssembly');
      return openInstance(module, kernel, operands);
    });
  },
  close: () => undefined,
  sampler: (timing) => {
    const sampler = new Sampler(timing);
    return (kernel) => {
      const session = sampler.open(kernel);
      return () => sampler.turn(session);
    };
  },
};
