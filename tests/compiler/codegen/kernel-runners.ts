import { supportsVector } from '../../../compiler/codegen/wasm/index.ts';
import { type DType, isFloat } from '../../../ir/dtype.ts';
import type { Scalar } from '../../../ir/scalar.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { openDevice } from '../../webgpu/devices.ts';
import { runKernelOnGpu } from '../../webgpu/run-kernel.ts';
import { runKernel } from './run-kernel.ts';

/** What runs a function in flat form. */
export interface KernelRunner {
  readonly name: string;
  readonly holds: (dtype: DType) => boolean;
  readonly hasVectors: (dtype: DType) => boolean;
  /** Whether it is so slow at compiling large kernels that only small ones are tried. */
  readonly isSlow?: true;
  readonly run: (func: TensorFunc, inputs: readonly TensorData[]) => Promise<readonly TensorData[]>;
  /** Whether a result is as good as the one that is meant, of these operands. */
  readonly accepts: (
    actual: Scalar,
    expected: Scalar,
    operands: readonly Scalar[],
    dtype: DType,
    op: string,
  ) => boolean;
}

/** NaN for NaN; of vectors, the sign of a zero is not fixed for minima and maxima. */
const isSame = (actual: Scalar, expected: Scalar): boolean => actual === expected || Object.is(actual, expected);

const isSubnormal = (x: Scalar): boolean => x !== 0 && Math.abs(Number(x)) < 2 ** -126;
const isSpecial = (x: Scalar): boolean => !Number.isFinite(Number(x));

/** Drivers divide by what is infinite or zero as they like. */
const divisions: ReadonlySet<string> = new Set(['div', 'mod', 'floordiv', 'floormod']);

/** Drivers may take subnormal numbers for zero, and round a quotient or a root otherwise, by two units of the last place. */
function isCloseEnough(
  actual: Scalar,
  expected: Scalar,
  operands: readonly Scalar[],
  dtype: DType,
  op: string,
): boolean {
  if (isSame(actual, expected)) return true;
  if (![...operands, expected].some((x) => typeof x === 'number')) return false;
  if ([...operands, expected].some(isSubnormal) && (isFloat(dtype) || dtype === 'bool')) return true;
  if (!isFloat(dtype)) return false;
  if (divisions.has(op) && [...operands, expected].some(isSpecial)) return true;
  return (
    Math.abs(Number(actual) - Number(expected)) <= Math.abs(Number(expected)) * (dtype === 'f16' ? 2 ** -10 : 2 ** -21)
  );
}

const wide: ReadonlySet<DType> = new Set(['i64', 'u64', 'f64']);
const exact: KernelRunner['accepts'] = isSame;

const processors: readonly KernelRunner[] = [
  {
    name: 'interpreter',
    holds: () => true,
    hasVectors: () => true,
    run: (func, inputs) => Promise.resolve(interpretFunc(func, inputs)),
    accepts: exact,
  },
  {
    name: 'wasm',
    holds: () => true,
    hasVectors: supportsVector,
    run: (func, inputs) => runKernel(func, inputs),
    accepts: exact,
  },
];

const onGpu = (name: string, device: GPUDevice): KernelRunner => ({
  name,
  isSlow: true,
  holds: (dtype) => !wide.has(dtype),
  hasVectors: () => true,
  run: (func, inputs) => runKernelOnGpu(device, func, inputs),
  accepts: isCloseEnough,
});

const { name, device } = await openDevice();

export const kernelRunners: readonly KernelRunner[] =
  device === undefined ? processors : [...processors, onGpu(name, device)];

/** What is not here, and why. */
export const missingRunners: readonly string[] = device === undefined ? [name] : [];
