import { byteSize, type DType, isFloat } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { scalarType, vectorOf } from './value-type.ts';

/** Brings what an operation gave into the range or precision of a dtype that is held in a wider type. */
export function narrow(dtype: DType, value: string): string {
  if (dtype === 'f16') return `quantizeToF16(${value})`;
  if (dtype === 'f32' || dtype === 'bool' || byteSize(dtype) === 4) return value;
  return `extractBits(${value}, 0u, ${8 * byteSize(dtype)}u)`;
}

/** A conversion. From floats it truncates, and saturates at the range of 32 bits, as WGSL's does. */
export function emitCast(from: DType, to: DType, value: string, lanes: number, kernel: string): string {
  const [source, target] = [scalarType(from, kernel), scalarType(to, kernel)];
  const convert = (type: string, operand: string): string => `${vectorOf(type, lanes)}(${operand})`;
  if (to === 'bool') return `${value} != ${convert(source, source === 'bool' ? 'false' : '0')}`;
  // Through i32, in which negative numbers wrap to the narrower type.
  const isWrapped = isFloat(from) && target === 'u32' && byteSize(to) < 4;
  const converted = isWrapped
    ? convert('u32', convert('i32', value))
    : source === target
      ? value
      : convert(target, value);
  const isNarrowed = byteSize(to) < byteSize(from) || from === 'bool' || (source !== target && !isFloat(to));
  return isNarrowed || to === 'f16' ? narrow(to, converted) : converted;
}

/** The same bits as another dtype, both of 32 bits. */
export function emitBitcast(from: DType, to: DType, value: string, lanes: number, kernel: string): string {
  if (byteSize(from) !== 4 || byteSize(to) !== 4)
    throw new UnsupportedError([`a bitcast from ${from} to ${to} on WebGPU, in kernel ${kernel}`]);
  return `bitcast<${vectorOf(scalarType(to, kernel), lanes)}>(${value})`;
}
