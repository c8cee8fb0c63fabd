import type { ArtifactSource, Tensor, Tensors, TypedArray } from '../../runtime/api.ts';
import { ArtifactError } from '../../runtime/errors.ts';
import { readManifest } from '../../runtime/load.ts';
import type { Manifest, WebgpuProgram, WebgpuStep } from '../../runtime/manifest.ts';
import { openSource } from '../../runtime/source.ts';
import { chooseFeatures, type KernelText } from '../../runtime/webgpu/features.ts';
import { placeOnGpu, readProgram } from '../../runtime/webgpu/load.ts';
import type { Dispatch } from '../../runtime/webgpu/pipelines.ts';
import { toWords } from '../../runtime/webgpu/words.ts';

/** An artifact on a GPU, in buffers of its own, whose dispatches can be submitted one by one. */
export interface WebgpuSteps {
  readonly manifest: Manifest;
  readonly program: WebgpuProgram;
  /** The code of the kernels that the device runs, by their names. */
  readonly kernels: ReadonlyMap<string, KernelText>;
  readonly buffers: readonly GPUBuffer[];
  /** Whether f16 stands in halves of words. */
  readonly halves: boolean;
  /** In the order of the plan, without what the processor runs. */
  readonly dispatches: readonly PlannedDispatch[];
}

export interface PlannedDispatch extends Dispatch {
  readonly step: WebgpuStep;
}

/** Throws ArtifactError where the artifact is none for WebGPU, and what the runtime throws. */
export async function openWebgpuSteps(source: ArtifactSource, device: GPUDevice): Promise<WebgpuSteps> {
  const read = openSource(source);
  const manifest = await readManifest(read);
  const { webgpu: program } = manifest;
  if (program === undefined)
    throw new ArtifactError('the model was not compiled for WebGPU: tilewright compile --target wasm,webgpu');
  const opened = await readProgram(program, chooseFeatures(program, device), read);
  const { buffers, steps, halves } = await placeOnGpu(device, opened);
  const dispatches = program.plan.flatMap((step, i): readonly PlannedDispatch[] => {
    const bound = steps[i];
    return step.kind === 'dispatch' && bound?.kind === 'dispatch' ? [{ ...bound, step }] : [];
  });
  return { manifest, program, kernels: opened.kernels, buffers, halves, dispatches };
}

/** Puts a run's inputs where the GPU reads them. */
export function writeInputs(
  device: GPUDevice,
  { manifest, program, buffers, halves }: WebgpuSteps,
  inputs: Tensors<Record<string, TypedArray>>,
): void {
  for (const [i, { name, dtype }] of manifest.inputs.entries()) {
    const place = program.inputs[i]?.gpu;
    const buffer = place && buffers[place.buffer];
    if (buffer === undefined) continue;
    const words = toWords(dtype, (inputs[name] as Tensor).data, halves);
    device.queue.writeBuffer(buffer, place?.offset ?? 0, words as BufferSource);
  }
}

/** Encodes a dispatch in a pass. */
export function encodeDispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup, workgroups }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
}
