import type { Operand } from './operand.ts';

/** What a name of the model stands for; `absent` is an optional operand left out, `unknown` the result of a refused node. */
export type Bound = Operand | 'absent' | 'unknown';

/** The names that are visible in a graph; those of an inner graph hide the outer ones. */
export interface Scope {
  get(name: string): Bound | undefined;
  set(name: string, value: Bound): void;
  /** Whether this very scope, not one around it, has the name. */
  owns(name: string): boolean;
}

export function createScope(outer?: Scope): Scope {
  const names = new Map<string, Bound>();
  return {
    get: (name) => names.get(name) ?? outer?.get(name),
    set: (name, value) => void names.set(name, value),
    owns: (name) => names.has(name),
  };
}
