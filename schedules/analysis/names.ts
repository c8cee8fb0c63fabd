import { variablesOf } from '../../ir/tensor/names.ts';
import { renameStmt } from '../../ir/tensor/rename.ts';
import type { Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { walk } from '../../ir/tensor/visit.ts';
import { allBuffers, fail } from './nests.ts';

/** The names in use, by kind: one variable, block and buffer each may have the same name. */
export interface Names {
  readonly variables: Set<string>;
  readonly blocks: Set<string>;
  readonly buffers: Set<string>;
}

export function namesIn(func: TensorFunc): Names {
  const names: Names = {
    variables: new Set(func.sizes),
    blocks: new Set(),
    buffers: new Set(allBuffers(func).map((buffer) => buffer.name)),
  };
  walk(func.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'for') names.variables.add(stmt.loopVar);
      if (stmt.kind === 'let') names.variables.add(stmt.name);
      if (stmt.kind !== 'block') return;
      names.blocks.add(stmt.name);
      for (const iter of stmt.iters) names.variables.add(iter.name);
    },
  });
  return names;
}

/** Takes a name that is still free: the wish, or the wish with the first free number. */
export function takeName(used: Set<string>, wish: string): string {
  let name = wish;
  for (let n = 1; used.has(name); n++) name = `${wish}_${n}`;
  used.add(name);
  return name;
}

/** Names for new loops: those that the step gives, which must be as many and free, or the wishes. */
export function loopNames(
  func: TensorFunc,
  place: string,
  used: Set<string>,
  wishes: readonly string[],
  given: readonly string[] | undefined,
): readonly string[] {
  if (given === undefined) return wishes.map((wish) => takeName(used, wish));
  if (given.length !== wishes.length)
    fail(func, place, `${wishes.length} loop names are needed (for ${wishes.join(', ')}), ${given.length} are given`);
  return given.map((name) => {
    if (used.has(name)) fail(func, place, `the name '${name}' is taken`);
    used.add(name);
    return name;
  });
}

/** A copy in which all loops, blocks, iteration variables and lets have new names: the old ones with a number. */
export function copyRenamed(stmt: Stmt, used: Names): Stmt {
  const [variables, blocks] = [new Map<string, string>(), new Map<string, string>()];
  walk(stmt, {
    stmt: (node) => {
      for (const name of variablesOf(node)) variables.set(name, takeName(used.variables, name));
      if (node.kind === 'block') blocks.set(node.name, takeName(used.blocks, node.name));
    },
  });
  return renameStmt(stmt, { variables, blocks });
}
