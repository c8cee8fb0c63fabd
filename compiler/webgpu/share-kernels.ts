import { canonicalize } from '../../ir/tensor/canonical.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { boundBuffers, type WgslKernel } from '../codegen/wgsl/index.ts';

export interface SharedKernels {
  /** One of each. */
  readonly kernels: readonly WgslKernel[];
  /** By the name of each kernel that was given, that of the one whose code it runs. */
  readonly runs: ReadonlyMap<string, string>;
}

/**
 * Keeps one of several kernels whose code is the same but for names, so that a device makes one pipeline for all of them:
 * the phases of different kernels often are, as the borders of padded tensors. Bindings are counted, not named.
 */
export function shareKernels(kernels: readonly WgslKernel[]): SharedKernels {
  const known = new Map<string, WgslKernel>();
  const runs = new Map<string, string>();
  for (const kernel of kernels) {
    const text = textOf(kernel);
    const first = known.get(text) ?? kernel;
    known.set(text, first);
    runs.set(kernel.func.name, first.func.name);
  }
  return { kernels: [...known.values()], runs };
}

/** The same for kernels of the same code. */
const textOf = ({ func, subgroups = func, constants }: WgslKernel): string =>
  [
    printCode(func),
    subgroups === func ? '' : printCode(subgroups),
    boundBuffers(func).flatMap(({ name }, at) => (constants.has(name) ? [at] : [])),
  ].join('\n');

/** A function with canonical names, and without what its code says nothing of: the sizes of what it binds. */
function printCode(func: TensorFunc): string {
  const bound = new Set(boundBuffers(func).map(({ name }) => name));
  const bindings = (buffers: readonly Buffer[]): readonly Buffer[] =>
    buffers.flatMap((buffer) =>
      bound.has(buffer.name) ? [{ ...buffer, shape: [0] }] : buffer.scope === 'global' ? [] : [buffer],
    );
  return printTensorFunc(
    canonicalize({
      ...func,
      inputs: bindings(func.inputs),
      outputs: bindings(func.outputs),
      temps: bindings(func.temps),
    }),
  );
}
