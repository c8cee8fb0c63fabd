import type { Stmt, TensorFunc } from './tensor-func.ts';
import { walk } from './visit.ts';

/** The variables that a statement declares: a loop's, a let's, or those of a block's iterators. */
export function variablesOf(stmt: Stmt): readonly string[] {
  if (stmt.kind === 'for') return [stmt.loopVar];
  if (stmt.kind === 'let') return [stmt.name];
  return stmt.kind === 'block' ? stmt.iters.map((iter) => iter.name) : [];
}

/** All names that a function uses, of sizes, buffers, variables and blocks. */
export function namesOf(func: TensorFunc): Set<string> {
  const buffers = [...func.inputs, ...func.outputs, ...func.temps].map((buffer) => buffer.name);
  const names = new Set([...func.sizes, ...buffers]);
  walk(func.body, {
    stmt: (stmt) => {
      for (const name of variablesOf(stmt)) names.add(name);
      if (stmt.kind === 'block') names.add(stmt.name);
    },
  });
  return names;
}

/** The base itself where it is free, else the first of `base_1`, `base_2` … that is. */
export function freshName(taken: ReadonlySet<string>, base: string): string {
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  return name;
}
