import { assemble } from '../../codegen/wasm/assemble.ts';
import { arithmeticWat, MUL_ADD, RELAXED_MADD } from './wasm-kernels.ts';

/** A kernel that only computes, in registers: what the engine and the processor reach at best. */
export interface ArithmeticKernel {
  readonly run: () => void;
  /** Of one run. */
  readonly flops: number;
}

const STEPS = 2000;
const FLOPS_A_PAIR = 8;

/** Products and sums of f32 vectors, as two instructions and as one. */
export async function arithmeticKernels(): Promise<Readonly<Record<'mulAdd' | 'relaxedMadd', ArithmeticKernel>>> {
  const exports = await assemble(arithmeticWat);
  new Float32Array(exports.memory.buffer).fill(1);
  const kernelOf = (name: string, { chains, unroll }: typeof MUL_ADD): ArithmeticKernel => {
    const kernel = exports[name] as (count: number) => void;
    return { run: () => kernel(STEPS), flops: STEPS * chains * unroll * FLOPS_A_PAIR };
  };
  return { mulAdd: kernelOf('mul_add', MUL_ADD), relaxedMadd: kernelOf('relaxed_madd', RELAXED_MADD) };
}
