import { byteSize } from '../../ir/dtype.ts';
import type { CacheMode } from '../../schedules/database/record.ts';
import type { Target } from '../../schedules/target/target.ts';
import { type KernelSource, plainDefinition } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';

/** Weights of more bytes do not stay in the caches that a core has for itself, beside all else that a run reads. */
const KEPT_BYTES = 2 ** 20;

/**
 * How a kernel is measured so that its time is that which it takes in a model: its other operands have just been
 * written there, but large weights were read when the model ran before. Runs on a GPU follow one another.
 */
export function cacheModeFor({ workload, context }: KernelSource, { gpu }: Target): CacheMode {
  const weights = plainDefinition(workload).inputs.filter(({ name }) => context.constants.has(name));
  const bytes = weights.reduce((sum, { dtype, shape }) => sum + byteSize(dtype) * staticElements(shape), 0);
  return gpu === undefined && bytes > KEPT_BYTES ? 'cold' : 'warm';
}
