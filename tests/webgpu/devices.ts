import { softwareAdapter, wantedAdapter } from './dawn.ts';

export interface TestDevice {
  /** Says why there is no device, where there is none. */
  readonly name: string;
  readonly device: GPUDevice | undefined;
}

/** A device of the adapter that tests on WebGPU run on, with all that the adapter allows. */
export async function openDevice(): Promise<TestDevice> {
  const adapter = await softwareAdapter();
  if (typeof adapter === 'string') return { name: `webgpu: ${adapter}`, device: undefined };
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  const requiredLimits = { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage };
  const device = await adapter.requestDevice({ requiredLimits });
  return { name: `webgpu on ${wantedAdapter}`, device };
}
