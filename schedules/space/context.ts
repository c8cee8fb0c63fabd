import type { Target } from '../target/target.ts';

/** What the rules of a search space know beside the function. */
export interface SpaceContext {
  readonly target: Target;
  /** The inputs whose contents are known when the model is compiled, so that packing them costs nothing at run time. */
  readonly constants: ReadonlySet<string>;
}
