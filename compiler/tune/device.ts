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

/** What kernels are tuned for on an engine: the most that it can do. */
export function targetOf({ features }: Pick<DeviceProfile, 'features'>): Target {
  if (features.includes('webgpu')) return webgpu;
  return features.includes('relaxed-simd') ? wasmRelaxedSimd : wasmSimd;
}
