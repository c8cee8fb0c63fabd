import { bindDim, type Dim } from '../dim.ts';
import { dimExpr } from '../tensor/build.ts';
import type { Buffer, Stmt, TensorFunc } from '../tensor/tensor-func.ts';
import { mapList, rewrite, update } from '../tensor/visit.ts';

/** Replaces sizes of a function by numbers, in its body and in the shapes of its buffers. */
export function bindFunc(func: TensorFunc, sizes: ReadonlyMap<string, number>): TensorFunc {
  if (sizes.size === 0) return func;
  const bind = (dim: Dim): Dim => bindDim(dim, sizes);
  const bindBuffer = (buffer: Buffer): Buffer => update(buffer, { shape: mapList(buffer.shape, bind) });
  return {
    ...func,
    sizes: func.sizes.filter((size) => !sizes.has(size)),
    inputs: func.inputs.map(bindBuffer),
    outputs: func.outputs.map(bindBuffer),
    temps: func.temps.map(bindBuffer),
    body: rewrite(func.body, {
      expr: (expr) => {
        const value = expr.kind === 'var' ? sizes.get(expr.name) : undefined;
        return value === undefined ? expr : dimExpr(value);
      },
      stmt: (stmt) => bindExtents(stmt, bind),
    }),
  };
}

const bindExtents = (stmt: Stmt, bind: (dim: Dim) => Dim): Stmt =>
  stmt.kind === 'block'
    ? update(stmt, { iters: mapList(stmt.iters, (iter) => update(iter, { extent: bind(iter.extent) })) })
    : stmt;
