import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { files } from '../../runtime/manifest.ts';
import type { KernelFiles } from '../artifact/assemble.ts';
import { fuseMultiplyAdd } from '../tensor-passes/fuse-multiply-add.ts';
import { emitWasm } from './wasm/index.ts';

/** The kernels once for engines with relaxed SIMD, where products are accumulated by one instruction, once for all. */
export const emitVariants = async (kernels: readonly TensorFunc[]): Promise<KernelFiles> => ({
  [files.relaxedKernels]: await emitWasm(kernels.map(fuseMultiplyAdd), { relaxedSimd: true }),
  [files.kernels]: await emitWasm(kernels),
});
