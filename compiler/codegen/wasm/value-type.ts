import type { DType } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';

export type WasmType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** The lanes of a vector: all of them are 128 bits wide, 32 bits a lane, but for the operands of `dot`. */
export const LANES = 4;

/** The lanes of i16 in an operand of `dot`, which has 16 bits a lane. */
export const DOT_LANES = 8;

/**
 * What a scalar is held in. Narrow integers are sign- or zero-extended, bool is 0 or 1, and f16 is the f32 of the same
 * value.
 */
const scalarTypes: Readonly<Record<DType, WasmType>> = {
  f32: 'f32',
  f16: 'f32',
  f64: 'f64',
  i8: 'i32',
  u8: 'i32',
  i16: 'i32',
  u16: 'i32',
  i32: 'i32',
  u32: 'i32',
  i64: 'i64',
  u64: 'i64',
  bool: 'i32',
};

/** Vectors hold what scalars do, in 32 bits a lane; bool is all ones or zero. The 64-bit types have no vectors. */
export const supportsVector = (dtype: DType): boolean => scalarTypes[dtype] === 'i32' || scalarTypes[dtype] === 'f32';

export function wasmType(dtype: DType, lanes: number): WasmType {
  if (lanes === 1) return scalarTypes[dtype];
  const isDotOperand = dtype === 'i16' && lanes === DOT_LANES;
  invariant(
    isDotOperand || (lanes === LANES && supportsVector(dtype)),
    `no WebAssembly vector holds ${dtype}x${lanes}`,
  );
  return 'v128';
}

export const wasmTypeOf = (expr: Expr): WasmType => wasmType(expr.dtype, lanesOf(expr));
