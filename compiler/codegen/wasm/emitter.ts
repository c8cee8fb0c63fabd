import { type DType, dtypeTable, isBigInt } from '../../../ir/dtype.ts';
import { roundTo, type Scalar } from '../../../ir/scalar.ts';
import type { Binaryen, Module, Ref } from './binaryen.ts';
import type { HelperName } from './helper.ts';
import type { WasmType } from './value-type.ts';

/** What the emission of instructions needs to know of the function around them. */
export interface Emitter {
  readonly b: Binaryen;
  readonly m: Module;
  newLocal(type: WasmType): number;
  /** Calls an internal function of the module, which is added to it on its first use. */
  call(helper: HelperName, operands: readonly Ref[]): Ref;
}

/** A value that is used more than once: `first` stands where it is evaluated first, `again` anywhere after. */
export interface Held {
  readonly first: Ref;
  readonly again: () => Ref;
}

export function hold(e: Emitter, type: WasmType, value: Ref): Held {
  const local = e.newLocal(type);
  return { first: e.m.local.tee(local, value, e.b[type]), again: () => e.m.local.get(local, e.b[type]) };
}

/** The instructions on integers of a dtype's width; those on narrow ones work on 32 bits. */
export const ints = (e: Emitter, dtype: DType): Module['i32'] | Module['i64'] => (isBigInt(dtype) ? e.m.i64 : e.m.i32);
export const floats = (e: Emitter, dtype: DType): Module['f32'] | Module['f64'] =>
  dtype === 'f64' ? e.m.f64 : e.m.f32;

export const isSigned = (dtype: DType): boolean => dtypeTable[dtype].kind === 'int';

export function intConst(e: Emitter, dtype: DType, value: number): Ref {
  return isBigInt(dtype) ? e.m.i64.const(BigInt(value)) : e.m.i32.const(value);
}

export function constant(e: Emitter, dtype: DType, value: Scalar): Ref {
  switch (dtype) {
    case 'f64':
      return e.m.f64.const(Number(value));
    case 'f32':
    case 'f16':
      return e.m.f32.const(roundTo(dtype)(value) as number);
    case 'i64':
    case 'u64':
      return e.m.i64.const(BigInt.asIntN(64, BigInt(value)));
    default:
      return e.m.i32.const(Number(value) | 0);
  }
}

/** Brings the 32-bit result of an operation on a narrow integer back into its range. */
export function wrapScalar(e: Emitter, dtype: DType, value: Ref): Ref {
  switch (dtype) {
    case 'i8':
      return e.m.i32.extend8_s(value);
    case 'i16':
      return e.m.i32.extend16_s(value);
    case 'u8':
      return e.m.i32.and(value, e.m.i32.const(0xff));
    case 'u16':
      return e.m.i32.and(value, e.m.i32.const(0xffff));
    default:
      return value;
  }
}

/** Rounds the f32 result of an operation on f16. One rounding through f32 is harmless for + - * / and sqrt. */
export const roundScalar = (e: Emitter, dtype: DType, value: Ref): Ref =>
  dtype === 'f16' ? e.call('f16Round', [value]) : value;
