import type { DeviceProfile } from './device.ts';

/**
 * A GPU as its adapter describes it. The class names its maker, its architecture and what kernels can use of it, the
 * fingerprint the one model and its driver, as far as a browser tells them. `processor` is the fingerprint of what runs a
 * GPU in software. Needs nothing of Node.
 */
export function adapterProfile(
  { adapterInfo, features }: GPUDevice,
  engine: DeviceProfile['engine'],
  processor: string,
): DeviceProfile {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapterInfo;
  const useful = gpuFeatures.filter((feature) => features.has(feature));
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  return {
    device: {
      class: ['webgpu', vendor, architecture, ...useful].filter((name) => name !== '').join('-'),
      // One in software is as fast as the processor is.
      fingerprint: [...names, ...(isFallbackAdapter ? [processor] : [])].join(', '),
    },
    engine,
    features: ['webgpu', ...useful],
  };
}

/** What makes a difference for kernels. */
const gpuFeatures = ['shader-f16', 'subgroups'] as const;
