import type { DType } from '../../../ir/dtype.ts';
import { roundTo, type Scalar } from '../../../ir/scalar.ts';
import type { Ref } from './binaryen.ts';
import { type Emitter, hold } from './emitter.ts';

/** Vector instructions take their constants from here, so that a loop does not make them anew each time round. */
export interface VectorEmitter extends Emitter {
  /** The vector constant of 16 bytes. */
  vectorConst(bytes: Uint8Array): Ref;
}

export const int32Lanes = (e: VectorEmitter, lanes: readonly [number, number, number, number]): Ref =>
  e.vectorConst(new Uint8Array(new Int32Array(lanes).buffer));

export const int32Splat = (e: VectorEmitter, value: number): Ref => int32Lanes(e, [value, value, value, value]);
export const float32Splat = (e: VectorEmitter, value: number): Ref =>
  e.vectorConst(new Uint8Array(new Float32Array([value, value, value, value]).buffer));

export function splatConst(e: VectorEmitter, dtype: DType, value: Scalar): Ref {
  if (dtype === 'f32' || dtype === 'f16') return float32Splat(e, roundTo(dtype)(value) as number);
  return int32Splat(e, dtype === 'bool' ? -Number(value) : Number(value));
}

/** Brings the lanes of an operation's result on narrow integers back into their range. */
export function wrapVector(e: VectorEmitter, dtype: DType, value: Ref): Ref {
  const v = e.m.i32x4;
  switch (dtype) {
    case 'i8':
      return v.shr_s(v.shl(value, e.m.i32.const(24)), e.m.i32.const(24));
    case 'i16':
      return v.shr_s(v.shl(value, e.m.i32.const(16)), e.m.i32.const(16));
    case 'u8':
      return e.m.v128.and(value, int32Splat(e, 0xff));
    case 'u16':
      return e.m.v128.and(value, int32Splat(e, 0xffff));
    default:
      return value;
  }
}

const EXPONENT = 0x7f800000;
const SIGN = -0x80000000;

/** Rounds the lanes to f16 as half.ts does a scalar. */
export function roundVector(e: VectorEmitter, dtype: DType, value: Ref): Ref {
  if (dtype !== 'f16') return value;
  const { v128, i32x4, f32x4 } = e.m;
  const x = hold(e, 'v128', value);
  const exponent = i32x4.max_u(v128.and(x.first, int32Splat(e, EXPONENT)), int32Splat(e, 113 << 23));
  const c = hold(e, 'v128', i32x4.add(exponent, int32Splat(e, 13 << 23)));
  const magnitude = () => f32x4.abs(x.again());
  const rounded = hold(e, 'v128', f32x4.sub(f32x4.add(c.first, magnitude()), c.again()));
  const overflows = f32x4.ge(magnitude(), float32Splat(e, 65520));
  const result = v128.bitselect(float32Splat(e, Number.POSITIVE_INFINITY), rounded.again(), overflows);
  const sign = v128.and(x.again(), int32Splat(e, SIGN));
  return e.m.block(null, [e.m.drop(rounded.first), v128.or(result, sign)], e.b.v128);
}

/** Four halves' bits, one a lane → their values. */
export function halvesToFloats(e: VectorEmitter, bits: Ref): Ref {
  const { v128, i32x4, f32x4 } = e.m;
  const half = hold(e, 'v128', bits);
  const moved = i32x4.shl(v128.and(half.first, int32Splat(e, 0x7fff)), e.m.i32.const(13));
  const held = hold(e, 'v128', moved);
  const finite = f32x4.mul(held.first, float32Splat(e, 2 ** 112));
  const isSpecial = i32x4.gt_s(held.again(), int32Splat(e, (0x7c00 << 13) - 1));
  const special = v128.and(isSpecial, int32Splat(e, EXPONENT));
  const sign = i32x4.shl(v128.and(half.again(), int32Splat(e, 0x8000)), e.m.i32.const(16));
  return v128.or(v128.or(finite, special), sign);
}

/** Values that are f16 already → their bits, one a lane. */
export function floatsToHalves(e: VectorEmitter, value: Ref): Ref {
  const { v128, i32x4, f32x4 } = e.m;
  const x = hold(e, 'v128', value);
  const scaled = f32x4.mul(x.first, float32Splat(e, 2 ** -112));
  const magnitude = v128.and(i32x4.shr_u(scaled, e.m.i32.const(13)), int32Splat(e, 0x7fff));
  const sign = v128.and(i32x4.shr_u(x.again(), e.m.i32.const(16)), int32Splat(e, 0x8000));
  return v128.or(magnitude, sign);
}
