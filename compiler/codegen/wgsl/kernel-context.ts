import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { GpuFeature } from '../../../runtime/webgpu/api.ts';
import type { Variables } from '../variables.ts';
import type { Barriers } from './barriers.ts';
import type { FeatureSet } from './features.ts';
import type { Grid } from './grid.ts';
import type { HelperName } from './helpers.ts';
import type { Operand } from './operands.ts';
import type { PackedDots } from './packed-dots.ts';

/** The module that is being made: the functions of ours that its kernels call, and the features that they may use. */
export interface ModuleContext {
  readonly helpers: Set<HelperName>;
  readonly features: FeatureSet;
}

/** The kernel whose text is being made. */
export interface KernelContext extends ModuleContext {
  readonly func: TensorFunc;
  readonly variables: Variables;
  /** The variables of floats that are never NaN. */
  readonly numbers: ReadonlySet<string>;
  readonly operands: ReadonlyMap<string, Operand>;
  readonly grid: Grid;
  readonly barriers: Barriers;
  readonly packedDots: PackedDots;
  /** The features that its text uses. */
  readonly used: Set<GpuFeature>;
  /** The identifier of a buffer or variable. */
  readonly nameOf: (name: string) => string;
}
