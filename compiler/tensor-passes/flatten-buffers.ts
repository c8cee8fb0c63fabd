import { type Dim, multiplyDims, printShape, type Shape } from '../../ir/dim.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
import { add, broadcast, dimExpr, int, mul, ramp } from '../../ir/tensor/build.ts';
import type { Buffer, Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';
import { canonicalIndex } from './linear-parts.ts';

/**
 * Makes every index one number, the position in row-major order: the form that has addresses. Throws
 * UnsupportedError where the number of elements is a product of symbols.
 *
 *   %x[i, j + 1] with x: f32[8, 16]   →   %x[i*16 + j + 1] with x: f32[128]
 */
export function flattenBuffers(func: TensorFunc): TensorFunc {
  const buffers = new Map([...func.inputs, ...func.outputs, ...func.temps].map((buffer) => [buffer.name, buffer]));
  const flat = (name: string, indices: readonly Expr[]): readonly Expr[] => {
    const target = buffers.get(name);
    invariant(target !== undefined, `buffer ${name} is not declared`);
    return [flatIndex(target.shape, indices)];
  };
  const body: Stmt = rewrite(func.body, {
    expr: (expr) => (expr.kind === 'load' ? update(expr, { indices: flat(expr.buffer, expr.indices) }) : expr),
    stmt: (stmt) => (stmt.kind === 'store' ? update(stmt, { indices: flat(stmt.buffer, stmt.indices) }) : stmt),
  });
  const flatBuffer = (buffer: Buffer): Buffer => update(buffer, { shape: [elements(func, buffer)] });
  return {
    ...func,
    inputs: func.inputs.map(flatBuffer),
    outputs: func.outputs.map(flatBuffer),
    temps: func.temps.map(flatBuffer),
    body,
  };
}

function elements(func: TensorFunc, { name, shape }: Buffer): Dim {
  let size: Dim = 1;
  for (const dim of shape) {
    const product = multiplyDims(size, dim);
    if (product === undefined) {
      throw new UnsupportedError([
        `${func.name}: buffer ${name} has the shape ${printShape(shape)}, a product of symbols`,
      ]);
    }
    size = product;
  }
  return size;
}

/** Σ index · stride. A vector among the indices makes the sum a vector; a ramp in the last place stays one. */
function flatIndex(shape: Shape, indices: readonly Expr[]): Expr {
  const strides: Expr[] = [];
  let stride: Expr = int(1);
  for (const dim of [...shape].reverse()) {
    strides.unshift(stride);
    stride = mul(stride, dimExpr(dim));
  }
  const scalars: Expr[] = [];
  const vectors: Expr[] = [];
  let lanes = 1;
  let contiguous = false;
  indices.forEach((index, at) => {
    const step = strides[at] ?? int(1);
    if (lanesOf(index) === 1) scalars.push(mul(index, step));
    else if (index.kind === 'ramp' && at === indices.length - 1) {
      lanes = index.lanes;
      contiguous = true;
      scalars.push(index.base);
    } else {
      lanes = lanesOf(index);
      vectors.push(mul(index, broadcast(canonicalIndex(step), lanes)));
    }
  });
  const base = canonicalIndex(scalars.reduce(add, int(0)));
  if (vectors.length === 0) return contiguous ? ramp(base, lanes) : base;
  return [...vectors, contiguous ? ramp(base, lanes) : broadcast(base, lanes)].reduce(add);
}
