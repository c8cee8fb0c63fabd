import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { Variables } from '../variables.ts';
import type { Barriers } from './barriers.ts';
import type { Grid } from './grid.ts';
import type { HelperName } from './helpers.ts';
import type { Operand } from './operands.ts';

/** The module that is being made: the functions of ours that its kernels call. */
export interface ModuleContext {
  readonly helpers: Set<HelperName>;
}

/** The kernel whose text is being made. */
export interface KernelContext extends ModuleContext {
  readonly func: TensorFunc;
  readonly variables: Variables;
  readonly operands: ReadonlyMap<string, Operand>;
  readonly grid: Grid;
  readonly barriers: Barriers;
  /** The identifier of a buffer or variable. */
  readonly nameOf: (name: string) => string;
}
