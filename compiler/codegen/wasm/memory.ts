import { byteSize, type DType } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Ref } from './binaryen.ts';
import type { Emitter } from './emitter.ts';
import { float32Splat, floatsToHalves, halvesToFloats, int32Splat, type VectorEmitter } from './vector-emitter.ts';
import { splat } from './vector-lanes.ts';

/** A place in linear memory: an i32 and what the instruction itself adds to it. */
export interface Address {
  readonly pointer: Ref;
  readonly offset: number;
}

export function loadScalar(e: Emitter, dtype: DType, { pointer, offset }: Address): Ref {
  const { i32, i64, f32, f64 } = e.m;
  switch (dtype) {
    case 'f32':
      return f32.load(offset, 4, pointer);
    case 'f64':
      return f64.load(offset, 8, pointer);
    case 'f16':
      return e.call('f16ToF32', [i32.load16_u(offset, 2, pointer)]);
    case 'i8':
      return i32.load8_s(offset, 1, pointer);
    case 'u8':
    case 'bool':
      return i32.load8_u(offset, 1, pointer);
    case 'i16':
      return i32.load16_s(offset, 2, pointer);
    case 'u16':
      return i32.load16_u(offset, 2, pointer);
    case 'i32':
    case 'u32':
      return i32.load(offset, 4, pointer);
    case 'i64':
    case 'u64':
      return i64.load(offset, 8, pointer);
  }
}

export function storeScalar(e: Emitter, dtype: DType, { pointer, offset }: Address, value: Ref): Ref {
  const { i32, i64, f32, f64 } = e.m;
  switch (dtype) {
    case 'f32':
      return f32.store(offset, 4, pointer, value);
    case 'f64':
      return f64.store(offset, 8, pointer, value);
    case 'f16':
      return i32.store16(offset, 2, pointer, e.call('f32ToF16', [value]));
    case 'i8':
    case 'u8':
    case 'bool':
      return i32.store8(offset, 1, pointer, value);
    case 'i16':
    case 'u16':
      return i32.store16(offset, 2, pointer, value);
    case 'i32':
    case 'u32':
      return i32.store(offset, 4, pointer, value);
    case 'i64':
    case 'u64':
      return i64.store(offset, 8, pointer, value);
  }
}

/** Four neighbouring elements. */
export function loadVector(e: VectorEmitter, dtype: DType, { pointer, offset }: Address): Ref {
  const { v128, i16x8, i32x4 } = e.m;
  switch (byteSize(dtype)) {
    case 1: {
      const bytes = v128.load32_zero(offset, 1, pointer);
      if (dtype === 'i8') return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
      const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
      return dtype === 'bool' ? i32x4.ne(wide, int32Splat(e, 0)) : wide;
    }
    case 2: {
      if (dtype === 'i16') return v128.load16x4_s(offset, 2, pointer);
      const wide = v128.load16x4_u(offset, 2, pointer);
      return dtype === 'f16' ? halvesToFloats(e, wide) : wide;
    }
    default:
      return v128.load(offset, 4, pointer);
  }
}

export function storeVector(e: VectorEmitter, dtype: DType, { pointer, offset }: Address, value: Ref): Ref {
  const { v128, i8x16, i16x8 } = e.m;
  const same = (narrow: (left: Ref, right: Ref) => Ref, x: Ref) => {
    // The upper half of what narrows is not stored: any vector will do.
    return narrow(x, float32Splat(e, 0));
  };
  switch (dtype) {
    case 'i8': {
      const halves = same(i16x8.narrow_i32x4_s, value);
      return v128.store32_lane(offset, 1, 0, pointer, same(i8x16.narrow_i16x8_s, halves));
    }
    case 'u8':
    case 'bool': {
      const numbers = dtype === 'bool' ? v128.and(value, int32Splat(e, 1)) : value;
      const halves = same(i16x8.narrow_i32x4_u, numbers);
      return v128.store32_lane(offset, 1, 0, pointer, same(i8x16.narrow_i16x8_u, halves));
    }
    case 'i16':
      return v128.store64_lane(offset, 2, 0, pointer, same(i16x8.narrow_i32x4_s, value));
    case 'u16':
      return v128.store64_lane(offset, 2, 0, pointer, same(i16x8.narrow_i32x4_u, value));
    case 'f16':
      return v128.store64_lane(offset, 2, 0, pointer, same(i16x8.narrow_i32x4_u, floatsToHalves(e, value)));
    default:
      return v128.store(offset, 4, pointer, value);
  }
}

/** One element in every lane. */
export function loadSplat(e: VectorEmitter, dtype: DType, address: Address): Ref {
  if (byteSize(dtype) === 4) return e.m.v128.load32_splat(address.offset, 4, address.pointer);
  return splat(e, dtype, loadScalar(e, dtype, address));
}

/** Eight neighbouring elements, 16 bits a lane. */
export function loadHalves({ m: { v128 } }: VectorEmitter, dtype: DType, { pointer, offset }: Address): Ref {
  switch (dtype) {
    case 'i8':
      return v128.load8x8_s(offset, 1, pointer);
    case 'u8':
      return v128.load8x8_u(offset, 1, pointer);
    case 'i16':
      return v128.load(offset, 2, pointer);
    default:
      invariant(false, `${dtype} does not fit 16 bits a lane`);
  }
}

/** Two neighbouring elements four times, 16 bits a lane. */
export function loadPairSplat({ m: { v128, i16x8 } }: VectorEmitter, dtype: DType, { pointer, offset }: Address): Ref {
  switch (dtype) {
    case 'i8':
      return i16x8.extend_low_i8x16_s(v128.load16_splat(offset, 1, pointer));
    case 'u8':
      return i16x8.extend_low_i8x16_u(v128.load16_splat(offset, 1, pointer));
    case 'i16':
      return v128.load32_splat(offset, 2, pointer);
    default:
      invariant(false, `${dtype} does not fit 16 bits a lane`);
  }
}

/** Four elements at places of their own. */
export function loadLanes(e: VectorEmitter, dtype: DType, addresses: readonly Address[]): Ref | undefined {
  if (byteSize(dtype) !== 4) return undefined;
  const [first, ...rest] = addresses as [Address, ...Address[]];
  const start = e.m.v128.load32_zero(first.offset, 4, first.pointer);
  return rest.reduce((vector, at, i) => e.m.v128.load32_lane(at.offset, 4, i + 1, at.pointer, vector), start);
}
