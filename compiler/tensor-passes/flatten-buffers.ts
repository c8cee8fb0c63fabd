import { type Dim, isStatic, multiplyDims, printShape, type Shape } from '../../ir/dim.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
import { add, broadcast, dimExpr, int, mul, ramp } from '../../ir/tensor/build.ts';
import { addScaled, constantLinear, fromLinear, type Linear, linearOf } from '../../ir/tensor/linear.ts';
import type { Buffer, Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';

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

/** Σ index · stride. A vector among the indices makes the sum a vector; a ramp along neighbours stays one. */
function flatIndex(shape: Shape, indices: readonly Expr[]): Expr {
  let sum = constantLinear(0);
  let stride: Stride = 1;
  let lanes = 1;
  let isContiguous = false;
  const vectors: Expr[] = [];
  for (let at = indices.length - 1; at >= 0; at--) {
    const [index, dim] = [indices[at] ?? int(0), shape[at] ?? 1];
    lanes = Math.max(lanes, lanesOf(index));
    if (lanesOf(index) === 1) sum = addProduct(sum, index, stride);
    else if (index.kind === 'ramp' && stride === 1) {
      isContiguous = true;
      sum = addProduct(sum, index.base, stride);
    } else vectors.push(mul(index, broadcast(strideExpr(stride), lanes)));
    stride =
      typeof stride === 'number' && isStatic(dim) ? stride * dim : linearOf(mul(strideExpr(stride), dimExpr(dim)));
  }
  const base = fromLinear(sum);
  if (vectors.length === 0) return isContiguous ? ramp(base, lanes) : base;
  return [...vectors, isContiguous ? ramp(base, lanes) : broadcast(base, lanes)].reduce(add);
}

/** The distance between neighbours along a dimension, a number where the dimensions inside of it are static. */
type Stride = number | Linear;

const strideExpr = (stride: Stride): Expr => (typeof stride === 'number' ? int(stride) : fromLinear(stride));

const addProduct = (sum: Linear, index: Expr, stride: Stride): Linear =>
  typeof stride === 'number'
    ? addScaled(sum, linearOf(index), stride)
    : addScaled(sum, linearOf(mul(index, fromLinear(stride))), 1);
