import { arithmeticKernels } from '../../compiler/profile/limits/wasm-arithmetic.ts';
import type { Session } from '../engines/engine.ts';

/** A kernel that only computes, in registers: what the engine and the processor reach at best. */
export interface Limit {
  readonly session: Session;
  /** Of one run. */
  readonly flops: number;
}

export interface Limits {
  readonly mulAdd: Limit;
  readonly relaxedMadd: Limit;
}

export async function arithmeticLimits(): Promise<Limits> {
  const limitOf = ({ run, flops }: { readonly run: () => void; readonly flops: number }): Limit => {
    const runOnce = async () => {
      run();
      return [];
    };
    return { session: { run: runOnce, dispose: async () => {} }, flops };
  };
  const { mulAdd, relaxedMadd } = await arithmeticKernels();
  return { mulAdd: limitOf(mulAdd), relaxedMadd: limitOf(relaxedMadd) };
}
