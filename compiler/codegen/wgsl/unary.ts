import type { DType } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import type { UnaryOp } from '../../../ir/scalar.ts';
import { vectorOf } from './value-type.ts';

/** Operators on floats that are functions of WGSL under the same name. */
const builtins: ReadonlySet<UnaryOp> = new Set<UnaryOp>([
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'exp',
  'log',
]);

/** Beyond this tanh is 1, while its parts may overflow where a driver computes it by exponentials. */
const tanhLimit = '10.0f';

export function emitUnary(op: UnaryOp, dtype: DType, x: string, lanes: number, kernel: string): string {
  const splat = (value: string, type: string): string => (lanes === 1 ? value : `${vectorOf(type, lanes)}(${value})`);
  const isFloat = dtype === 'f32' || dtype === 'f16';
  switch (op) {
    case 'neg':
      return dtype.startsWith('u') ? `${splat('0u', 'u32')} - ${x}` : `-${x}`;
    case 'not':
      return `!${x}`;
    case 'bitnot':
      return `~${x}`;
    case 'isnan':
      return `(bitcast<${vectorOf('u32', lanes)}>(${x}) & ${splat('0x7fffffffu', 'u32')}) > ${splat('0x7f800000u', 'u32')}`;
    case 'tanh':
      return `tanh(clamp(${x}, ${splat(`-${tanhLimit}`, 'f32')}, ${splat(tanhLimit, 'f32')}))`;
    case 'sigmoid':
      return `1.0f / (1.0f + exp(-${x}))`;
    case 'floor':
    case 'ceil':
    case 'round':
      return isFloat ? `${op}(${x})` : x;
    case 'sign':
      return dtype.startsWith('u') ? `min(${x}, ${splat('1u', 'u32')})` : `sign(${x})`;
    default:
      if (builtins.has(op)) return `${op}(${x})`;
      throw new UnsupportedError([`${op} on ${dtype} on WebGPU, in kernel ${kernel}`]);
  }
}
