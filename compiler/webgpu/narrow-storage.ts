import { dtypeTable } from '../../ir/dtype.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { comparisons } from '../../ir/scalar.ts';
import { binary, cast, constant, select } from '../../ir/tensor/build.ts';
import type { Buffer, Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren, mapExprChildren, rewrite } from '../../ir/tensor/visit.ts';
import { newArray, type TensorData } from '../../ir/tensor-data.ts';

/**
 * Holds the i64 elements of a function's buffers in i32, for a target that has no 64-bit integers. Graph passes have
 * computed in 32 bits what their ranges allow (`narrow-integers`); what is left is to store it, as the places that an
 * argmax gives:
 *
 *   %y: i64[4] … %y[i] = cast(k, "i64")      →      %y: i32[4] … %y[i] = k
 *
 * Inputs hold numbers that fit, but for those in `wide`. Throws UnsupportedError where a number might not fit.
 */
export function narrowStorage(func: TensorFunc, wide: ReadonlySet<string> = new Set()): TensorFunc {
  const buffers = [...func.inputs, ...func.outputs, ...func.temps];
  const isNarrowed = new Set(buffers.filter(({ dtype }) => dtype === 'i64').map(({ name }) => name));
  if (isNarrowed.size === 0) return func;
  const refuse = (what: string): never => {
    throw new UnsupportedError([
      `i64 on WebGPU, in kernel ${func.name}: ${what} might not fit 32 bits, and it has no 64-bit types`,
    ]);
  };
  /** The same number in 32 bits. */
  const narrow = (expr: Expr): Expr => {
    switch (expr.kind) {
      case 'const':
        return fits(expr.value) ? constant(Number(expr.value), 'i32') : refuse(`the constant ${expr.value}`);
      case 'load':
        return wide.has(expr.buffer)
          ? refuse(`an element of ${expr.buffer}`)
          : { ...expr, dtype: 'i32', indices: expr.indices.map(anywhere) };
      case 'cast':
        return expr.operand.dtype === 'i64'
          ? narrow(expr.operand)
          : fitsI32(expr.operand)
            ? cast(anywhere(expr.operand), 'i32')
            : refuse(`a cast of ${expr.operand.dtype}`);
      case 'select':
        return select(anywhere(expr.cond), narrow(expr.then), narrow(expr.else));
      case 'binary':
        return expr.op === 'min' || expr.op === 'max'
          ? binary(expr.op, narrow(expr.left), narrow(expr.right))
          : refuse(`the result of ${expr.op}`);
      default:
        return refuse('op' in expr ? `the result of ${expr.op}` : `a ${expr.kind}`);
    }
  };
  /** An expression of another dtype, some parts of which may be narrowed. */
  const anywhere = (expr: Expr): Expr => {
    if (expr.dtype === 'i64') return narrow(expr);
    if (expr.kind === 'cast' && expr.operand.dtype === 'i64') return cast(narrow(expr.operand), expr.dtype);
    if (expr.kind === 'binary' && expr.left.dtype === 'i64' && comparisons.has(expr.op))
      return binary(expr.op, narrow(expr.left), narrow(expr.right));
    if (expr.kind === 'bitcast' && expr.operand.dtype === 'i64') return refuse('the bits of one');
    return mapExprChildren(expr, anywhere);
  };
  const declare = (buffer: Buffer): Buffer => (isNarrowed.has(buffer.name) ? { ...buffer, dtype: 'i32' } : buffer);
  return {
    ...func,
    inputs: func.inputs.map(declare),
    outputs: func.outputs.map(declare),
    temps: func.temps.map(declare),
    body: rewrite(func.body, { stmt: (stmt) => mapOwnExprs(stmt, anywhere) }),
  };
}

/** The statement with the expressions that it has itself replaced. */
const mapOwnExprs = (stmt: Stmt, expr: (child: Expr) => Expr): Stmt =>
  mapChildren(stmt, { expr, stmt: (child) => child });

const fits = (value: number | bigint): boolean => BigInt(value) === BigInt.asIntN(32, BigInt(value));

function fitsI32({ dtype }: Expr): boolean {
  const { kind, bytes } = dtypeTable[dtype];
  return kind === 'bool' || (kind === 'int' && bytes <= 4) || (kind === 'uint' && bytes < 4);
}

/** A graph whose constants of i64 are held in i32, where they fit; the others keep their dtype. */
export const narrowConstants = (graph: Graph): Graph => ({
  ...graph,
  constants: graph.constants.map(({ name, data }) => ({ name, data: narrowData(data) })),
});

function narrowData(tensor: TensorData): TensorData {
  const { dtype, shape, data } = tensor;
  if (dtype !== 'i64' || ![...data].every(fits)) return tensor;
  const narrowed = newArray('i32', data.length);
  data.forEach((element: number | bigint, i: number) => {
    narrowed[i] = Number(element);
  });
  return { dtype: 'i32', shape, data: narrowed };
}
