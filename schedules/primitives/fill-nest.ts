import { loops, store, variable } from '../../ir/tensor/build.ts';
import type { Buffer, Expr, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { loopNames, namesIn, takeName } from '../analysis/names.ts';

/** A nest with a block of this name that writes every element of a buffer; its loops are `<block>_<dim>`. */
export function fillNest(
  func: TensorFunc,
  place: string,
  fill: {
    readonly to: Buffer;
    readonly block: string;
    readonly names: readonly string[] | undefined;
    readonly value: (indices: readonly Expr[]) => Expr;
  },
): Stmt {
  const used = namesIn(func);
  const name = takeName(used.blocks, fill.block);
  const wishes = fill.to.shape.map((_, d) => `${name}_${d}`);
  const vars = loopNames(func, place, used.variables, wishes, fill.names);
  const iters = fill.to.shape.map((extent, d): Iter => {
    const value = variable(vars[d] ?? '');
    return { name: takeName(used.variables, `${name}_v${d}`), kind: 'spatial', extent, value };
  });
  const indices = iters.map((iter) => variable(iter.name));
  const body = store(fill.to, indices, fill.value(indices));
  const extents = iters.map((iter, d) => [vars[d] ?? '', iter.extent] as const);
  return loops(extents, { kind: 'block', name, iters, body });
}
