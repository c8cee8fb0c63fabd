import { GpuError } from '../errors.ts';
import type { GpuProgram } from '../manifest.ts';

/** Asks for a device with what a program needs. Throws GpuError where the host has no WebGPU, or no adapter that can. */
export async function ownDevice(program: GpuProgram): Promise<GPUDevice> {
  const { gpu } = globalThis.navigator ?? {};
  if (gpu === undefined) throw new GpuError('this host has no WebGPU: navigator.gpu is missing');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new GpuError('this host has WebGPU, but no adapter for it');
  return adapter.requestDevice({ requiredLimits: limitsFor(program, adapter.limits) });
}

/** What a program needs beyond what every adapter allows. */
function limitsFor({ arenaBytes, weightsBytes, plan }: GpuProgram, limits: GPUSupportedLimits): Record<string, number> {
  const needs = {
    maxBufferSize: Math.max(arenaBytes, weightsBytes, 256 * 2 ** 20),
    maxStorageBufferBindingSize: Math.max(
      128 * 2 ** 20,
      ...plan.flatMap(({ bindings }) => bindings.map(({ bytes }) => bytes)),
    ),
  };
  for (const [name, need] of Object.entries(needs)) {
    const limit = limits[name as keyof typeof needs];
    if (need > limit) throw new GpuError(`the model needs ${name} ${need}, and the adapter has ${limit}`);
  }
  return needs;
}
