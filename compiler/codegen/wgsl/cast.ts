import { byteSize, type DType, isFloat } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { type ScalarType, scalarType, vectorOf } from './value-type.ts';

/** Brings what an operation gave into the range or precision of a dtype that is held in a wider type. */
export function narrow(k: KernelContext, dtype: DType, value: string, lanes: number): string {
  if (dtype === 'f16') return callHelper(k, 'round_f16', [value], lanes);
  if (dtype === 'f32' || dtype === 'bool' || byteSize(dtype) === 4) return value;
  return `extractBits(${value}, 0u, ${8 * byteSize(dtype)}u)`;
}

/** A conversion. From floats it truncates, saturates at the range of 32 bits, and wraps to narrower integers. */
export function emitCast(k: KernelContext, from: DType, to: DType, value: string, lanes: number): string {
  const [source, target] = [scalarType(from, k.func.name), scalarType(to, k.func.name)];
  const convert = (type: ScalarType, operand: string): string => `${vectorOf(type, lanes)}(${operand})`;
  if (from === to) return value;
  if (to === 'bool') return isNotZero(value, source, lanes);
  if (from === 'bool') return convert(target, value);
  if (isFloat(from) && !isFloat(to)) {
    const truncated = callHelper(k, to === 'u32' ? 'trunc_u32' : 'trunc_i32', [value], lanes);
    return narrow(k, to, target === 'u32' && to !== 'u32' ? convert('u32', truncated) : truncated, lanes);
  }
  const converted = source === target ? value : convert(target, value);
  const isHeld = byteSize(to) > byteSize(from) && source === target;
  return isHeld ? converted : narrow(k, to, converted, lanes);
}

/** By the bits of a float, which a driver may take for 0 where it is subnormal, and for a number where it is NaN. */
function isNotZero(value: string, source: ScalarType, lanes: number): string {
  const unsigned = vectorOf('u32', lanes);
  if (source === 'f32') return `(bitcast<${unsigned}>(${value}) & ${unsigned}(0x7fffffffu)) != ${unsigned}(0u)`;
  return source === 'bool' ? value : `${value} != ${vectorOf(source, lanes)}(0)`;
}

/** The same bits as another dtype, both of 32 bits. */
export function emitBitcast(from: DType, to: DType, value: string, lanes: number, kernel: string): string {
  if (byteSize(from) !== 4 || byteSize(to) !== 4)
    throw new UnsupportedError([`a bitcast from ${from} to ${to} on WebGPU, in kernel ${kernel}`]);
  return `bitcast<${vectorOf(scalarType(to, kernel), lanes)}>(${value})`;
}
