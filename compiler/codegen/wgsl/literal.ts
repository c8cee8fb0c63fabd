import type { DType } from '../../../ir/dtype.ts';
import { roundTo, type Scalar } from '../../../ir/scalar.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { scalarType } from './value-type.ts';

/** A constant. What is no finite number comes from a function, since a constant expression of WGSL must be finite. */
export function literal(k: KernelContext, dtype: DType, value: Scalar): string {
  const number = Number(value);
  switch (scalarType(dtype, k.func.name)) {
    case 'bool':
      return number === 0 ? 'false' : 'true';
    case 'u32':
      return `${number}u`;
    case 'i32':
      return number === -(2 ** 31) ? 'i32(-2147483648)' : `${number}`;
    case 'f32':
      return floatLiteral(k, Number(roundTo(dtype)(number)));
  }
}

function floatLiteral(k: KernelContext, value: number): string {
  if (Number.isNaN(value)) return callHelper(k, 'not_a_number', []);
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}${callHelper(k, 'infinity', [])}`;
  if (Object.is(value, -0)) return '-0.0f';
  const digits = String(value);
  return /[.e]/.test(digits) ? `${digits}f` : `${digits}.0f`;
}
