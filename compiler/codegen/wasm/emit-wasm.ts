import { invariant } from '../../../ir/errors.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { loadBinaryen, type Module } from './binaryen.ts';
import type { HelperName } from './helper.ts';
import { addKernel } from './kernel.ts';

export interface WasmOptions {
  /** The limits of the imported memory, in pages of 64 KiB. */
  readonly minPages?: number;
  readonly maxPages?: number;
  /** Multiply and add in one instruction of relaxed SIMD where a kernel accumulates products. */
  readonly relaxedSimd?: boolean;
}

const MOST_PAGES = 65536;

/**
 * Passes that neither move code nor change it. Binaryen's optimizing levels reorder chains of accumulations, which
 * costs a scheduled kernel a third of its speed.
 */
const PASSES = ['coalesce-locals', 'vacuum', 'reorder-locals'];

/**
 * A WebAssembly module that exports one function a kernel, under the kernel's name, and imports its memory as
 * `env.memory`. The kernels are in flat form: no blocks, serial and parallel loops, buffers of one dimension, vectors of
 * four lanes. The same kernels give the same bytes.
 */
export async function emitWasm(kernels: readonly TensorFunc[], options: WasmOptions = {}): Promise<Uint8Array> {
  const b = await loadBinaryen();
  invariant(new Set(kernels.map((kernel) => kernel.name)).size === kernels.length, 'two kernels have the same name');
  const m = new b.Module();
  try {
    const { Features } = b;
    const relaxedSimd = options.relaxedSimd ?? false;
    const optional = relaxedSimd ? Features.RelaxedSIMD : Features.MVP;
    m.setFeatures(
      Features.SIMD128 | Features.NontrappingFPToInt | Features.SignExt | Features.MutableGlobals | optional,
    );
    m.setMemory(options.minPages ?? 1, options.maxPages ?? MOST_PAGES, null, [], false, false, 'memory');
    m.addMemoryImport('memory', 'env', 'memory');
    const helpers = new Set<HelperName>();
    for (const kernel of kernels) addKernel({ b, m, helpers, relaxedSimd }, kernel);
    return finish(m);
  } finally {
    m.dispose();
  }
}

function finish(m: Module): Uint8Array {
  invariant(m.validate() === 1, 'the emitted WebAssembly module is not valid');
  m.runPasses(PASSES);
  return m.emitBinary();
}
