import { ArtifactError } from '../errors.ts';
import type { GpuBinding, GpuProgram } from '../manifest.ts';

/** A step of the plan as it is encoded. */
export interface Dispatch {
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
  { kernels, functionsEnd, shaders }: GpuProgram,
  code: string,
): Promise<ReadonlyMap<string, GPUComputePipeline>> {
  const functions = code.slice(0, functionsEnd);
  try {
    const pipelines = await Promise.all(
      kernels.map(async ({ name, end }, i) => {
        const module = device.createShaderModule({
          code: functions + code.slice(kernels[i - 1]?.end ?? functionsEnd, end),
          label: name,
        });
        const compute = { module, entryPoint: name };
        return [name, await device.createComputePipelineAsync({ label: name, layout: 'auto', compute })] as const;
      }),
    );
    return new Map(pipelines);
  } catch (error) {
    throw new ArtifactError(`${shaders}: ${(error as Error).message}`, { cause: error });
  }
}

/** The dispatches of a run, whose bind groups are made once. */
export function bindDispatches(
  device: GPUDevice,
  { plan }: GpuProgram,
  pipelines: ReadonlyMap<string, GPUComputePipeline>,
  buffers: Readonly<Record<GpuBinding['buffer'], GPUBuffer>>,
): readonly Dispatch[] {
  return plan.map(({ kernel, workgroups, bindings }) => {
    const pipeline = pipelines.get(kernel) as GPUComputePipeline;
    const entries = bindings.map(({ buffer, offset, bytes }, binding) => ({
      binding,
      resource: { buffer: buffers[buffer], offset, size: bytes },
    }));
    return {
      pipeline,
      workgroups,
      bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
    };
  });
}
