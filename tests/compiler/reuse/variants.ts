import type { DeviceProfile } from '../../../compiler/tune/device.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import { profile } from './records.ts';

export const phone: DeviceProfile = {
  device: { class: 'arm64-simd128', fingerprint: 'machine 2' },
  engine: { name: 'jsc', version: '620.1' },
  features: ['simd128'],
};

export const tablet: DeviceProfile = { ...profile, device: { class: 'arm64-simd128-relaxed-simd', fingerprint: '3' } };

/** A record that was measured there. */
export const on = ({ device, engine, features }: DeviceProfile): Partial<TuningRecord> => ({
  device,
  engine,
  features,
});
