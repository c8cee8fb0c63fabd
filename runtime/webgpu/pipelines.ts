import { ArtifactError } from '../errors.ts';
import type { WebgpuStep } from '../manifest.ts';
import { reported } from './device.ts';
import type { KernelText } from './features.ts';

/** A step of the plan as it is encoded. */
export interface Dispatch {
  readonly kind: 'dispatch';
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/**
 * The pipelines of a program by their names, made at the same time. Each kernel is a module by itself, since a device
 * compiles a whole module for each of its entry points. Throws ArtifactError where one is refused.
 */
export async function makePipelines(
  device: GPUDevice,
  texts: ReadonlyMap<string, KernelText>,
  onProgress?: (done: number, total: number) => void,
): Promise<ReadonlyMap<string, GPUComputePipeline>> {
  let done = 0;
  const make = async ([name, { file, code }]: readonly [string, KernelText]) => {
    const compile = (): Promise<GPUComputePipeline> => {
      const compute = { module: device.createShaderModule({ code, label: name }), entryPoint: name };
      const made = device.createComputePipelineAsync({ label: name, layout: 'auto', compute });
      // What is wrong with the module is told first.
      made.catch(() => undefined);
      return made;
    };
    try {
      const pipeline = await reported(device, compile);
      onProgress?.(++done, texts.size);
      return [name, pipeline] as const;
    } catch (error) {
      throw new ArtifactError(`${file}: ${(error as Error).message}`, { cause: error });
    }
  };
  return new Map(await Promise.all([...texts].map(make)));
}

/** A dispatch, whose bind group is made once. */
export function bindDispatch(
  device: GPUDevice,
  { kernel, workgroups, bindings }: WebgpuStep,
  pipelines: ReadonlyMap<string, GPUComputePipeline>,
  buffers: readonly GPUBuffer[],
): Dispatch {
  const pipeline = pipelines.get(kernel) as GPUComputePipeline;
  const entries = bindings.map(({ buffer, offset, bytes }, binding) => ({
    binding,
    resource: { buffer: buffers[buffer] as GPUBuffer, offset, size: bytes },
  }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return { kind: 'dispatch', pipeline, workgroups, bindGroup };
}
