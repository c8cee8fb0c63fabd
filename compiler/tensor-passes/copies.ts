import type { Buffer, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';
import { type Access, collectAccesses, commonLoops } from './accesses.ts';
import { isWrittenFirst } from './coverage.ts';
import { copyStmt, type FreshName, freshNames } from './names.ts';

/** Copies parts of one function; holds the names and temporaries that the copies need. */
export interface Copier {
  readonly fresh: FreshName;
  /** A copy of a part of a loop's body, on the same buffers. */
  readonly copyInside: (stmt: Stmt, values: ReadonlyMap<string, Expr>) => Stmt;
  /** A copy of a loop, with local buffers of its own where the loop's iterations do not share them with anything else. */
  readonly copyLoop: (loop: For) => For;
  /** The temporaries of the function and of the copies. */
  readonly temps: () => readonly Buffer[];
}

export function createCopier(func: TensorFunc): Copier {
  const fresh = freshNames(func);
  const loopOrigin = new Map<string, string>();
  const bufferOrigin = new Map<string, string>();
  const originOf = (origins: ReadonlyMap<string, string>, name: string): string => origins.get(name) ?? name;
  const homes = homeLoops(func);
  const temps = new Map(func.temps.map((temp) => [temp.name, temp]));
  const freshLoop: FreshName = (base) => {
    const name = fresh(base);
    loopOrigin.set(name, originOf(loopOrigin, base));
    return name;
  };
  const copyLoop = (loop: For): For => {
    const copy = copyStmt(loop, freshLoop) as For;
    const home = originOf(loopOrigin, loop.loopVar);
    const clones = new Map<string, string>();
    for (const access of collectAccesses(copy)) {
      const temp = temps.get(access.buffer);
      const origin = originOf(bufferOrigin, access.buffer);
      if (temp === undefined || clones.has(temp.name) || homes.get(origin)?.has(home) !== true) continue;
      const name = fresh(temp.name);
      bufferOrigin.set(name, origin);
      temps.set(name, { ...temp, name });
      clones.set(temp.name, name);
    }
    return clones.size === 0 ? copy : (renameBuffers(copy, clones) as For);
  };
  return {
    fresh,
    copyInside: (stmt, values) => copyStmt(stmt, freshLoop, values),
    copyLoop,
    temps: () => (temps.size === func.temps.length ? func.temps : [...temps.values()]),
  };
}

/** Of each local buffer, the loops around all its accesses that carry nothing in it from one iteration to the next. */
function homeLoops(func: TensorFunc): ReadonlyMap<string, ReadonlySet<string>> {
  const accesses = Map.groupBy(collectAccesses(func.body), (access) => access.buffer);
  const locals = func.temps.filter((temp) => temp.scope === 'local');
  return new Map(locals.map(({ name }) => [name, freshIn(accesses.get(name) ?? [])]));
}

function freshIn(accesses: readonly Access[]): ReadonlySet<string> {
  const around = commonLoops(accesses).map((loop) => loop.loopVar);
  const homes = around.filter((_, depth) => isWrittenFirst(accesses, new Set(around.slice(0, depth + 1))));
  return new Set(homes);
}

function renameBuffers(stmt: Stmt, names: ReadonlyMap<string, string>): Stmt {
  return rewrite(stmt, {
    stmt: (node) => (node.kind === 'store' ? update(node, { buffer: names.get(node.buffer) ?? node.buffer }) : node),
    expr: (node) => (node.kind === 'load' ? update(node, { buffer: names.get(node.buffer) ?? node.buffer }) : node),
  });
}
