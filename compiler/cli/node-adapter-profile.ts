import { CompilerError } from '../../ir/errors.ts';
import { openNodeWebgpu, versionOfDawn } from '../devices/node-webgpu.ts';
import { adapterProfile } from '../tune/adapter-profile.ts';
import { type DeviceProfile, nodeProfile } from '../tune/device.ts';

/** The GPU that commands run on, by Dawn. Throws a CompilerError where there is none. */
export async function nodeAdapterProfile(): Promise<DeviceProfile> {
  const { device, close } = await openNodeWebgpu();
  const profile = adapterProfile(
    device,
    { name: 'dawn', version: await versionOfDawn() },
    nodeProfile().device.fingerprint,
  );
  await close();
  return profile;
}

/** The same, or nothing where there is no GPU. */
export async function someNodeAdapterProfile(): Promise<DeviceProfile | undefined> {
  try {
    return await nodeAdapterProfile();
  } catch (error) {
    if (error instanceof CompilerError) return undefined;
    throw error;
  }
}
