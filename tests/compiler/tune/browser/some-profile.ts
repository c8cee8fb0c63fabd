import type { DeviceProfile } from '../../../../compiler/tune/device.ts';

export const profile: DeviceProfile = {
  device: { class: 'arm64-simd128', fingerprint: 'Android Pixel 7, 8 cores, arm64' },
  engine: { name: 'v8', version: '14.1' },
  features: ['simd128'],
};
