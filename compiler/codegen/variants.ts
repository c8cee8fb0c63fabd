import { files } from '../../runtime/manifest.ts';
import type { KernelFiles } from '../artifact/assemble.ts';
import { flatForms, type Kernel } from '../kernels.ts';
import { divideParallel } from '../tensor-passes/divide-parallel.ts';
import { fuseMultiplyAdd } from '../tensor-passes/fuse-multiply-add.ts';
import { emitWasm } from './wasm/index.ts';

/** The kernels once for engines with relaxed SIMD, where products are accumulated by one instruction, once for all. */
export const emitVariants = async (kernels: readonly Kernel[]): Promise<KernelFiles> => ({
  [files.relaxedKernels]: await emitWasm(
    kernels.flatMap(({ relaxed: { lowered }, preparations }) =>
      flatForms({ preparations, lowered }).map(fuseMultiplyAdd).map(divideParallel),
    ),
    { relaxedSimd: true },
  ),
  [files.kernels]: await emitWasm(kernels.flatMap((kernel) => flatForms(kernel).map(divideParallel))),
});
