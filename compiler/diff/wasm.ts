import type { TensorType } from '../../ir/graph/graph.ts';
import { bytesOf } from '../../ir/tensor-data.ts';
import type { TensorSlot } from '../../runtime/manifest.ts';
import { copySlot } from '../../runtime/tensor.ts';
import { relaxedForms, simdForms } from '../codegen/variants.ts';
import { emitWasm, emitWat } from '../codegen/wasm/index.ts';
import type { Compilation } from '../pipeline.ts';
import { openWasmSteps } from '../stepwise/wasm.ts';
import type { DiffDevice } from './device.ts';

/** A function that is called from outside: all others are helpers, and stand before it. */
const EXPORTED = /^ *\(func [^\n]*\(export /m;

/** A model that was compiled for WebAssembly: the artifact's own kernels, weights and places in memory. */
export async function wasmDevice(
  { files, fused, calls, layout }: Pick<Compilation, 'files' | 'fused' | 'calls' | 'layout'>,
  options: { readonly relaxedSimd?: boolean } = {},
): Promise<DiffDevice> {
  const { manifest, memory, steps, isRelaxed } = await openWasmSteps(files, options);
  const stepsOf = Map.groupBy(steps, (_, i) => manifest.plan[i]?.node);
  const slotOf = (name: string, { dtype, shape }: TensorType): TensorSlot => ({
    name,
    dtype,
    shape: shape as readonly number[],
    offset: layout.address(name),
  });
  return {
    name: 'wasm',
    fused,
    runs: () => true,
    write: (value, { data }) => new Uint8Array(memory.buffer).set(bytesOf(data), layout.address(value)),
    run: async ({ name }) => {
      for (const step of stepsOf.get(name) ?? []) step.run(0, 1);
    },
    read: async (value, type) => {
      const slot = slotOf(value, type);
      return { dtype: slot.dtype, shape: slot.shape, data: copySlot(memory.buffer, slot) };
    },
    sources: async ({ name }) => {
      const kernel = calls.find(({ node }) => node.name === name)?.kernel;
      if (kernel === undefined) return [];
      const forms = isRelaxed ? relaxedForms(kernel) : simdForms(kernel);
      const phases = forms.slice(kernel.preparations.size);
      const text = await emitWat(await emitWasm(phases, isRelaxed ? { relaxedSimd: true } : {}));
      return [{ kernel: kernel.name, language: 'wat', text, start: Math.max(0, text.search(EXPORTED)) }];
    },
    close: async () => undefined,
  };
}
