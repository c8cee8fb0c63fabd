import type { Session } from '../engines/engine.ts';
import { assemble } from './assemble.ts';
import { arithmeticWat, MUL_ADD, RELAXED_MADD } from './wat.ts';

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

const STEPS = 2000;
const FLOPS_A_PAIR = 8;

export async function arithmeticLimits(): Promise<Limits> {
  const exports = await assemble(arithmeticWat);
  new Float32Array(exports.memory.buffer).fill(1);
  const limit = (name: string, { chains, unroll }: typeof MUL_ADD): Limit => {
    const kernel = exports[name] as (count: number) => void;
    const run = async () => {
      kernel(STEPS);
      return [];
    };
    return { session: { run, dispose: async () => {} }, flops: STEPS * chains * unroll * FLOPS_A_PAIR };
  };
  return { mulAdd: limit('mul_add', MUL_ADD), relaxedMadd: limit('relaxed_madd', RELAXED_MADD) };
}
