import type { ArtifactFiles } from '../../runtime/api.ts';
import { placeWeights } from '../../runtime/load.ts';
import { type Manifest, files as names } from '../../runtime/manifest.ts';
import { bindPlan } from '../../runtime/program.ts';
import { viewSlot } from '../../runtime/tensor.ts';
import type { Session, Workload } from './engine.ts';

/**
 * The plan of an artifact without the copies of inputs and outputs: what its kernels take. `prepare` writes the inputs,
 * since a kernel may write over an operand that is read no more.
 */
export async function openKernels(
  files: ArtifactFiles,
  inputs: Workload['inputs'],
  relaxedSimd: boolean,
): Promise<Session> {
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(files[names.manifest]));
  const pages = Math.ceil(manifest.memory.bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const code = files[relaxedSimd ? names.relaxedKernels : names.kernels];
  const module = await WebAssembly.compile(code as BufferSource);
  await placeWeights(manifest, files, module, memory);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const steps = bindPlan(manifest, exports);
  const outputs = manifest.outputs.map((slot) => ({ shape: slot.shape, data: viewSlot(memory.buffer, slot) }));
  return {
    prepare() {
      for (const slot of manifest.inputs) {
        const target = viewSlot(memory.buffer, slot) as { set(data: unknown): void };
        target.set(inputs[slot.name]?.data);
      }
    },
    run: async () => {
      for (const step of steps) step.run(0, 1);
      return outputs;
    },
    dispose: async () => {},
  };
}
