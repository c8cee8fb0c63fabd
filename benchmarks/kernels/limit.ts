import type { Limits } from '../limits/arithmetic.ts';
import type { Bandwidth } from '../limits/memory.ts';
import { type KernelResult, medianOf } from './measure-kernel.ts';

export type Variant = 'Relaxed' | 'MulAdd';

/** The least time that a kernel can take, and what sets it: arithmetic in registers, or reading and writing memory. */
export interface Limit {
  readonly by: 'arithmetic' | 'memory';
  readonly ms: number;
}

/** The kernel's limit at the speed that the limit's own kernel had in turns with it. */
export function limitOf(result: KernelResult, variant: Variant, limits: Limits, memory: readonly Bandwidth[]): Limit {
  const { flops, bytes } = result.cost;
  const arithmetic = flops / peakOf(result, variant, limits) / 1e6;
  const transfer = bytes / bandwidthAt(memory, bytes) / 1e6;
  return arithmetic >= transfer ? { by: 'arithmetic', ms: arithmetic } : { by: 'memory', ms: transfer };
}

/** GFLOP/s. */
export function peakOf({ lines }: KernelResult, variant: Variant, limits: Limits): number {
  const { flops } = variant === 'Relaxed' ? limits.relaxedMadd : limits.mulAdd;
  return flops / medianOf(lines[`limit${variant}`]) / 1e6;
}

/** The copying speed of the smallest measured memory that holds so many bytes. */
export function bandwidthAt(memory: readonly Bandwidth[], bytes: number): number {
  const fitting = memory.find((entry) => entry.bytes >= bytes) ?? memory.at(-1);
  return fitting?.copy ?? Number.NaN;
}
