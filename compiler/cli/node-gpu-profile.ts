import { CompilerError } from '../../ir/errors.ts';
import type { DeviceProfile } from '../tune/device.ts';
import { gpuProfile } from '../tune/gpu-profile.ts';
import { openNodeGpu } from './node-gpu.ts';

/** The GPU that commands run on, by Dawn. Throws a CompilerError where there is none. */
export async function nodeGpuProfile(): Promise<DeviceProfile> {
  const { device, close } = await openNodeGpu();
  const profile = gpuProfile(device, { name: 'dawn', version: await versionOfDawn() });
  await close();
  return profile;
}

/** The same, or nothing where there is no GPU. */
export async function someNodeGpuProfile(): Promise<DeviceProfile | undefined> {
  try {
    return await nodeGpuProfile();
  } catch (error) {
    if (error instanceof CompilerError) return undefined;
    throw error;
  }
}

/** That of the package, whose releases are of versions of Dawn; they make the same code in one minor version. */
async function versionOfDawn(): Promise<string> {
  const { default: json } = await import('webgpu/package.json', { with: { type: 'json' } });
  return json.version.split('.').slice(0, 2).join('.');
}
