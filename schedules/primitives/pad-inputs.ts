import { isStatic } from '../../ir/dim.ts';
import { isBigInt } from '../../ir/dtype.ts';
import { and, constant, int, less, load, select, seq } from '../../ir/tensor/build.ts';
import type { Block, Buffer, Expr, Iter, Load, Stmt, Store, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { loadsOf, readBy, writersOf } from '../analysis/accesses.ts';
import { variablesIn } from '../analysis/extents.ts';
import { namesIn, takeName } from '../analysis/names.ts';
import { type BlockSite, fail, findBuffer, nestMates } from '../analysis/nests.ts';
import { singleStore } from '../analysis/reduction.ts';
import { fillNest } from './fill-nest.ts';

/** The new extents of the iteration variables that get one. */
export type Longer = ReadonlyMap<Iter, number>;

/** For each index of an access, the longer variable that it is, if it is one. */
export function longerAt(
  func: TensorFunc,
  block: Block,
  { buffer, indices }: Load | Store,
  longer: Longer,
): readonly (Iter | undefined)[] {
  const iters = [...longer.keys()];
  return indices.map((index, d) => {
    const own = iters.find(({ name }) => index.kind === 'var' && index.name === name);
    const hidden = iters.find(({ name }) => own === undefined && variablesIn(index).has(name));
    if (hidden !== undefined)
      fail(func, `block '${block.name}'`, `index ${d} of its access of '${buffer}' is not just '${hidden.name}'`);
    return own;
  });
}

export const longShape = ({ shape }: Buffer, at: readonly (Iter | undefined)[], longer: Longer): Buffer['shape'] =>
  shape.map((extent, d) => {
    const iter = at[d];
    return (iter && longer.get(iter)) ?? extent;
  });

export interface PaddedInputs {
  readonly fills: readonly Stmt[];
  readonly temps: readonly Buffer[];
  /** The copies, by which access they are for. */
  readonly padded: ReadonlyMap<string, Buffer>;
}

export const accessKey = (buffer: string, at: readonly (Iter | undefined)[]): string =>
  [buffer, ...at.map((iter) => iter?.name ?? '')].join();

export function padInputs(func: TensorFunc, site: BlockSite, longer: Longer): PaddedInputs {
  const { block } = site;
  const place = `block '${block.name}'`;
  const written = singleStore(block.body)?.buffer;
  const padded = new Map<string, Buffer>();
  const fills: Stmt[] = [];
  let current = func;
  for (const name of readBy(site)) {
    if (name === written) continue;
    const source = findBuffer(func, name);
    const [mate] = writersOf(nestMates(func, block.name), name);
    for (const access of loadsOf(block, name)) {
      const at = longerAt(func, block, access, longer);
      const key = accessKey(name, at);
      if (at.every((iter) => iter === undefined) || padded.has(key)) continue;
      if (mate !== undefined) fail(func, place, `block '${mate.block.name}' in the same nest writes '${name}'`);
      const shape = longShape(source, at, longer);
      const copy: Buffer = {
        ...source,
        scope: 'global',
        name: takeName(namesIn(current).buffers, `${name}_pad`),
        shape,
      };
      const fill = fillNest(current, place, {
        to: copy,
        block: `${name}_fill`,
        names: undefined,
        value: (indices) => insideOrZero(func, source, at, indices),
      });
      padded.set(key, copy);
      fills.push(fill);
      current = update(current, { temps: [...current.temps, copy], body: seq([fill, current.body]) });
    }
  }
  return { fills, padded, temps: [...padded.values()] };
}

/** What stands in a buffer up to the extents of the variables, and zero beyond. */
function insideOrZero(
  func: TensorFunc,
  source: Buffer,
  at: readonly (Iter | undefined)[],
  indices: readonly Expr[],
): Expr {
  const guards = at.flatMap((iter, d) => {
    const [index, extent] = [indices[d], source.shape[d]];
    if (iter === undefined || index === undefined || extent === undefined) return [];
    if (!isStatic(extent) || !isStatic(iter.extent))
      return fail(func, `buffer '${source.name}'`, `dimension ${d} is symbolic, so it cannot be padded`);
    return [less(index, int(Math.min(extent, iter.extent)))];
  });
  return select(guards.reduce(and), load(source, indices), zeroOf(source));
}

export const zeroOf = ({ dtype }: { readonly dtype: Buffer['dtype'] }): Expr =>
  constant(isBigInt(dtype) ? 0n : 0, dtype);
