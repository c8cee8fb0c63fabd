import { requestDevice } from '../../../../devices/request-device.ts';
import { adapterProfile } from '../../../adapter-profile.ts';
import type { DeviceProfile } from '../../../device.ts';
import { shadersOf, thisProfile } from './profile.ts';

/** A device of this browser's GPU, in the page or in a worker. Throws an Error where there is none. */
export async function openGpu(): Promise<GPUDevice> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (gpu === undefined) throw new Error('This browser has no WebGPU, or not for pages of this address.');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('This browser has WebGPU, but no adapter for it.');
  return requestDevice(adapter);
}

/** That of this browser's GPU. Throws an Error where it has none, or no vectors to prepare operands with. */
export async function thisAdapterProfile(): Promise<DeviceProfile> {
  const { device: processor } = await thisProfile();
  const device = await openGpu();
  const profile = adapterProfile(device, shadersOf(navigator.userAgent), processor.fingerprint);
  device.destroy();
  return profile;
}
