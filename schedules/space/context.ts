import type { Target } from '../target/target.ts';

/** What the rules of a search space know beside the function. */
export interface SpaceContext {
  readonly target: Target;
  /** The inputs whose contents are known when the model is compiled, so that packing them costs nothing at run time. */
  readonly constants: ReadonlySet<string>;
  /** How work is divided among threads; `auto` where nothing is said. */
  readonly parallel?: ParallelAxis;
}

/** The axis of its results along which the work of a kernel is divided among threads; `auto` leaves it to the rule. */
export const parallelAxes = ['auto', 'batch', 'channel', 'height', 'width'] as const;
export type ParallelAxis = (typeof parallelAxes)[number];
