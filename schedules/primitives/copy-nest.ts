import { load, loops, store, variable } from '../../ir/tensor/build.ts';
import type { Buffer, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { loopNames, namesIn, takeName } from '../analysis/names.ts';

/** A nest `<buffer>_copy` that copies all of one buffer into another of the same shape; its loops are `<block>_<dim>`. */
export function copyNest(
  func: TensorFunc,
  place: string,
  copy: {
    readonly from: Buffer;
    readonly to: Buffer;
    readonly name: string;
    readonly names: readonly string[] | undefined;
  },
): Stmt {
  const used = namesIn(func);
  const name = takeName(used.blocks, `${copy.name}_copy`);
  const wishes = copy.to.shape.map((_, d) => `${name}_${d}`);
  const vars = loopNames(func, place, used.variables, wishes, copy.names);
  const iters = copy.to.shape.map((extent, d): Iter => {
    const value = variable(vars[d] ?? '');
    return { name: takeName(used.variables, `${name}_v${d}`), kind: 'spatial', extent, value };
  });
  const indices = iters.map((iter) => variable(iter.name));
  const body = store(copy.to, indices, load(copy.from, indices));
  const extents = iters.map((iter, d) => [vars[d] ?? '', iter.extent] as const);
  return loops(extents, { kind: 'block', name, iters, body });
}
