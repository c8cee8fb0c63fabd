import { structuralEquals } from './equal.ts';
import { variablesOf } from './names.ts';
import { renameFunc } from './rename.ts';
import type { TensorFunc } from './tensor-func.ts';
import { walk } from './visit.ts';

/**
 * Renames the function, its buffers, variables and blocks by the order in which they are declared, so that functions
 * that differ in names only become equal, and print alike.
 */
export function canonicalize(func: TensorFunc): TensorFunc {
  const variables: string[] = [];
  const blocks: string[] = [];
  walk(func.body, {
    stmt: (stmt) => {
      variables.push(...variablesOf(stmt));
      if (stmt.kind === 'block') blocks.push(stmt.name);
    },
  });
  const buffers = [...func.inputs, ...func.outputs, ...func.temps].map((buffer) => buffer.name);
  const renaming = {
    buffers: numbered(buffers, 'b'),
    variables: new Map([...numbered(func.sizes, 's'), ...numbered(variables, 'v')]),
    blocks: numbered(blocks, 'block'),
  };
  return { ...renameFunc(func, renaming), name: 'f' };
}

const numbered = (names: readonly string[], prefix: string): ReadonlyMap<string, string> =>
  new Map(names.map((name, i) => [name, `${prefix}${i}`]));

/** Whether two functions are the same but for names. */
export const alphaEquals = (a: TensorFunc, b: TensorFunc): boolean =>
  structuralEquals(canonicalize(a), canonicalize(b));
