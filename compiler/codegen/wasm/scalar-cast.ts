import { type DType, isBigInt, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Ref } from './binaryen.ts';
import { constant, type Emitter, floats, ints, isSigned, wrapScalar } from './emitter.ts';

/** A conversion as ir/scalar.ts defines it: floats saturate at 32 bits (64 for the 64-bit types) before they wrap. */
export function scalarCast(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  if (from === to) return x;
  if (to === 'bool') return toBool(e, from, x);
  if (isFloat(from)) return isFloat(to) ? floatToFloat(e, from, to, x) : floatToInt(e, from, to, x);
  return isFloat(to) ? intToFloat(e, from, to, x) : intToInt(e, from, to, x);
}

function toBool(e: Emitter, from: DType, x: Ref): Ref {
  const zero = constant(e, from, isBigInt(from) ? 0n : 0);
  return isFloat(from) ? floats(e, from).ne(x, zero) : ints(e, from).ne(x, zero);
}

function floatToFloat(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  if (to === 'f64') return e.m.f64.promote(x);
  if (from === 'f64') return to === 'f16' ? e.call('f16RoundF64', [x]) : e.m.f32.demote(x);
  return to === 'f16' ? e.call('f16Round', [x]) : x;
}

function floatToInt(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  const source = from === 'f64' ? 'f64' : 'f32';
  const unsigned = to === 'u32' || to === 'u64';
  const i = ints(e, to);
  return wrapScalar(e, to, (unsigned ? i.trunc_u_sat : i.trunc_s_sat)[source](x));
}

function intToFloat(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  const source = isBigInt(from) ? 'i64' : 'i32';
  const convert = (target: 'f32' | 'f64') =>
    (isSigned(from) ? e.m[target].convert_s : e.m[target].convert_u)[source](x);
  if (to === 'f64') return convert('f64');
  if (source === 'i32') return to === 'f16' ? e.call('f16Round', [convert('f32')]) : convert('f32');
  // 64-bit integers pass through f64, as their definition does.
  return to === 'f16' ? e.call('f16RoundF64', [convert('f64')]) : e.m.f32.demote(convert('f64'));
}

function intToInt(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  if (isBigInt(to)) {
    if (isBigInt(from)) return x;
    return isSigned(from) ? e.m.i64.extend_s(x) : e.m.i64.extend_u(x);
  }
  return wrapScalar(e, to, isBigInt(from) ? e.m.i32.wrap(x) : x);
}

/** The same bits read as another dtype of the same width. */
export function scalarBitcast(e: Emitter, from: DType, to: DType, x: Ref): Ref {
  if (from === to) return x;
  if (from === 'f32' || from === 'f64') return ints(e, to).reinterpret(x);
  if (to === 'f32' || to === 'f64') return floats(e, to).reinterpret(x);
  if (from === 'f16') return wrapScalar(e, to, e.call('f32ToF16', [x]));
  if (to === 'f16') return e.call('f16ToF32', [e.m.i32.and(x, e.m.i32.const(0xffff))]);
  invariant(from !== 'bool' && to !== 'bool', `a bitcast from ${from} to ${to}`);
  return wrapScalar(e, to, x);
}
