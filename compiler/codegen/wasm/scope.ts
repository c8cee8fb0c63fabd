import type { Ref } from './binaryen.ts';

/**
 * A part of the function that binds a variable, while its code is made. What is found to be needed on the way is
 * collected here, and is put in its place when the scope ends.
 */
export interface Scope {
  readonly kind: 'function' | 'loop' | 'let';
  /** The name of its variable; of the function, ''. */
  readonly name: string;
  /** Runs before the loop. */
  readonly before: Ref[];
  /** Runs at the begin of the scope; of a loop, in every round. */
  readonly head: Ref[];
  /** The loop's pointers, and what each moves by. */
  readonly steps: Step[];
  /** Locals that hold addresses, by the polynomial they have the value of. */
  readonly locals: Map<string, number>;
}

export interface Step {
  readonly local: number;
  readonly by: () => Ref;
  /** Where the step is known: the bytes it moves by. */
  readonly bytes: number | undefined;
}

export const newScope = (kind: Scope['kind'], name: string): Scope => ({
  kind,
  name,
  before: [],
  head: [],
  steps: [],
  locals: new Map(),
});
