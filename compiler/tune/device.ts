import { availableParallelism, cpus } from 'node:os';
import { supports } from '../../runtime/features.ts';
import type { TuningRecord } from '../../schedules/database/record.ts';
import { type Target, wasmRelaxedSimd, wasmSimd, webgpu } from '../../schedules/target/target.ts';

/** What records say of where they were measured. */
export type DeviceProfile = Pick<TuningRecord, 'device' | 'engine' | 'features'>;

/**
 * This machine and this engine. The class names the architecture and what the engine makes of it, the fingerprint one
 * kind of processor. Engines of one minor version generate the same code, in Node as in a browser.
 */
export function nodeProfile(): DeviceProfile {
  const features = ['simd128', ...(supports('relaxed-simd') ? ['relaxed-simd'] : [])];
  const [processor] = cpus();
  return {
    device: {
      class: [process.arch, ...features].join('-'),
      fingerprint: `${processor?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${process.arch}`,
    },
    engine: { name: 'v8', version: process.versions.v8.split('.').slice(0, 2).join('.') },
    features,
  };
}

/**
 * A GPU as its adapter describes it. The class names its maker, its architecture and what kernels can use of it, the
 * fingerprint the one model and its driver.
 */
export function gpuProfile({ adapterInfo, features }: GPUDevice, engine: DeviceProfile['engine']): DeviceProfile {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapterInfo;
  const useful = gpuFeatures.filter((feature) => features.has(feature));
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  return {
    device: {
      class: ['webgpu', vendor, architecture, ...useful].filter((name) => name !== '').join('-'),
      // One in software is as fast as the processor is.
      fingerprint: [...names, ...(isFallbackAdapter ? [nodeProfile().device.fingerprint] : [])].join(', '),
    },
    engine,
    features: ['webgpu', ...useful],
  };
}

/** What makes a difference for kernels. */
const gpuFeatures = ['shader-f16', 'subgroups'] as const;

/** What kernels are tuned for on an engine: the most that it can do. */
export function targetOf({ features }: Pick<DeviceProfile, 'features'>): Target {
  if (features.includes('webgpu')) return webgpu;
  return features.includes('relaxed-simd') ? wasmRelaxedSimd : wasmSimd;
}
