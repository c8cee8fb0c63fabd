import type { ArtifactFiles } from '../api.ts';
import { placeWeights } from '../load.ts';
import type { HostProgram, HostStep } from '../manifest.ts';
import { bindSteps } from '../program.ts';

/** The memory and the kernels of what the processor runs of a GPU's program. */
export interface Host {
  readonly memory: ArrayBuffer;
  readonly exports: WebAssembly.Exports;
}

export async function openHost(program: HostProgram, files: ArtifactFiles): Promise<Host> {
  const module = await WebAssembly.compile(files[program.kernels] as BufferSource);
  const pages = Math.ceil(program.memory.bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  await placeWeights({ ...program, prepare: [] }, files, module, memory);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return { memory: memory.buffer, exports };
}

/** Kernels of the processor, with the copies that they need. */
export interface BoundHostStep extends Pick<HostStep, 'kind' | 'reads' | 'writes'> {
  readonly run: () => void;
}

export function bindHostStep(
  { kind, reads, steps, writes }: HostStep,
  { memory }: HostProgram,
  { exports }: Host,
): BoundHostStep {
  const bound = bindSteps(steps, memory, exports);
  const run = (): void => {
    for (const step of bound) step.run(0, 1);
  };
  return { kind, reads, writes, run };
}
