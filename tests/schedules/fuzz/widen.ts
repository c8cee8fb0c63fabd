import { type DType, isFloat } from '../../../ir/dtype.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import type { Buffer, Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { rewrite, update, walk } from '../../../ir/tensor/visit.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';

/**
 * The same function with all floats as f64, in which the order of a sum or a product means next to nothing: no f16
 * overflows on the way, and no comparison flips. Undefined where the bits of a float matter.
 */
export function widenFunc(func: TensorFunc): TensorFunc | undefined {
  let bits = false;
  walk(func.body, {
    expr: (expr) => {
      if (expr.kind === 'bitcast') bits = true;
    },
  });
  if (bits) return undefined;
  const buffers = (list: readonly Buffer[]) => list.map((buffer) => update(buffer, { dtype: wide(buffer.dtype) }));
  return {
    ...func,
    inputs: buffers(func.inputs),
    outputs: buffers(func.outputs),
    temps: buffers(func.temps),
    body: rewrite(func.body, { expr: (expr): Expr => ({ ...expr, dtype: wide(expr.dtype) }) }),
  };
}

const wide = (dtype: DType): DType => (isFloat(dtype) ? 'f64' : dtype);

export function widenData({ dtype, shape, data }: TensorData): TensorData {
  if (!isFloat(dtype)) return { dtype, shape, data };
  const numbers = Array.from<number | bigint, number>(data, Number);
  return { dtype: 'f64', shape, data: Float64Array.from(dtype === 'f16' ? numbers.map(f16ToNumber) : numbers) };
}
