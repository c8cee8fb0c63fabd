import type { Limits } from '../limits/arithmetic.ts';
import { quantile } from '../measure.ts';
import { type KernelResult, medianOf } from './measure-kernel.ts';

export type Variant = 'Relaxed' | 'MulAdd';

export const VARIANTS: readonly Variant[] = ['Relaxed', 'MulAdd'];

/** The least time that a kernel can take, and what sets it: arithmetic in registers, or reading and writing memory. */
export interface Limit {
  readonly by: 'arithmetic' | 'memory';
  readonly ms: number;
}

/** The kernel's limit at the speed that the limits' own kernels had in turns with it. */
export function limitOf(result: KernelResult, variant: Variant, limits: Limits): Limit {
  const arithmetic = result.cost.flops / peakOf(result, variant, limits) / 1e6;
  const memory = medianOf(result.lines.limitMemory);
  return arithmetic >= memory ? { by: 'arithmetic', ms: arithmetic } : { by: 'memory', ms: memory };
}

/** GFLOP/s in registers, the median over the kernels' turns. */
export const medianPeak = (results: readonly KernelResult[], variant: Variant, limits: Limits): number =>
  quantile(
    results.map((result) => peakOf(result, variant, limits)),
    0.5,
  );

function peakOf({ lines }: KernelResult, variant: Variant, limits: Limits): number {
  const { flops } = variant === 'Relaxed' ? limits.relaxedMadd : limits.mulAdd;
  return flops / medianOf(lines[`limit${variant}`]) / 1e6;
}
