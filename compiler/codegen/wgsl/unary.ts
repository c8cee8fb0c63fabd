import { type DType, isFloat } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import type { UnaryOp } from '../../../ir/scalar.ts';
import { isNan } from './helper.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { type ScalarType, vectorOf } from './value-type.ts';

/** Operators on floats that are functions of WGSL under the same name. */
const builtins: ReadonlySet<UnaryOp> = new Set<UnaryOp>(['abs', 'floor', 'ceil', 'round', 'sqrt']);

export function emitUnary(k: KernelContext, op: UnaryOp, dtype: DType, x: string, lanes: number): string {
  const splat = (value: string, type: ScalarType): string =>
    lanes === 1 ? value : `${vectorOf(type, lanes)}(${value})`;
  switch (op) {
    case 'neg':
      return dtype.startsWith('u') ? `${splat('0u', 'u32')} - ${x}` : `-${x}`;
    case 'not':
      return `!${x}`;
    case 'bitnot':
      return `~${x}`;
    case 'isnan':
      return isNan(x, { of: (scalar) => vectorOf(scalar, lanes), splat: (value) => splat(value, 'u32') });
    case 'tanh':
      return callHelper(k, 'tanh_f32', [x], lanes);
    case 'exp':
    case 'log':
      return callHelper(k, `${op}_f32`, [x], lanes);
    case 'sigmoid':
      return `1.0f / (1.0f + ${callHelper(k, 'exp_f32', [`-${x}`], lanes)})`;
    case 'floor':
    case 'ceil':
    case 'round':
      return isFloat(dtype) ? `${op}(${x})` : x;
    case 'sign':
      if (isFloat(dtype)) return callHelper(k, 'sign_f32', [x], lanes);
      return dtype.startsWith('u') ? `min(${x}, ${splat('1u', 'u32')})` : `sign(${x})`;
    default:
      if (builtins.has(op)) return `${op}(${x})`;
      throw new UnsupportedError([`${op} on ${dtype} on WebGPU, in kernel ${k.func.name}`]);
  }
}
