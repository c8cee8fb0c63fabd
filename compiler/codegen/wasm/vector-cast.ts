import { type DType, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Ref } from './binaryen.ts';
import { isSigned } from './emitter.ts';
import {
  float32Splat,
  floatsToHalves,
  halvesToFloats,
  int32Splat,
  roundVector,
  type VectorEmitter,
  wrapVector,
} from './vector-emitter.ts';

/** A conversion of the lanes of a vector, as scalar-cast.ts does it on a scalar. */
export function vectorCast(e: VectorEmitter, from: DType, to: DType, x: Ref): Ref {
  const { v128, i32x4, f32x4 } = e.m;
  if (from === to) return x;
  if (to === 'bool') return isFloat(from) ? f32x4.ne(x, float32Splat(e, 0)) : i32x4.ne(x, int32Splat(e, 0));
  if (from === 'bool') return v128.and(x, isFloat(to) ? float32Splat(e, 1) : int32Splat(e, 1));
  if (isFloat(from)) {
    if (isFloat(to)) return roundVector(e, to, x);
    return wrapVector(e, to, to === 'u32' ? i32x4.trunc_sat_f32x4_u(x) : i32x4.trunc_sat_f32x4_s(x));
  }
  if (isFloat(to)) {
    return roundVector(e, to, isSigned(from) ? f32x4.convert_i32x4_s(x) : f32x4.convert_i32x4_u(x));
  }
  return wrapVector(e, to, x);
}

export function vectorBitcast(e: VectorEmitter, from: DType, to: DType, x: Ref): Ref {
  if (from === to) return x;
  invariant(from !== 'bool' && to !== 'bool', `a bitcast from ${from} to ${to}`);
  if (from === 'f16') return wrapVector(e, to, floatsToHalves(e, x));
  if (to === 'f16') return halvesToFloats(e, e.m.v128.and(x, int32Splat(e, 0xffff)));
  return wrapVector(e, to, x);
}
