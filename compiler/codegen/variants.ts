import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { files } from '../../runtime/manifest.ts';
import type { KernelFiles } from '../artifact/assemble.ts';
import { flatForms, type Kernel } from '../kernels.ts';
import { divideParallel } from '../tensor-passes/divide-parallel.ts';
import { fuseMultiplyAdd } from '../tensor-passes/fuse-multiply-add.ts';
import { emitWasm } from './wasm/index.ts';

/** What of a kernel becomes code, for all engines: what is prepared, then its phases. */
export const simdForms = (kernel: Kernel): readonly TensorFunc[] => flatForms(kernel).map(divideParallel);

/** The same for engines with relaxed SIMD, where products are accumulated by one instruction. */
export const relaxedForms = ({ relaxed: { lowered }, preparations }: Kernel): readonly TensorFunc[] =>
  flatForms({ preparations, lowered }).map(fuseMultiplyAdd).map(divideParallel);

/** The kernels once for engines with relaxed SIMD, once for all. */
export const emitVariants = async (kernels: readonly Kernel[]): Promise<KernelFiles> => ({
  [files.relaxedKernels]: await emitWasm(kernels.flatMap(relaxedForms), { relaxedSimd: true }),
  [files.kernels]: await emitWasm(kernels.flatMap(simdForms)),
});
