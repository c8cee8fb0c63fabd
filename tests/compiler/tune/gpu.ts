import { adapterProfile } from '../../../compiler/tune/adapter-profile.ts';

/** Of a GPU that no one has. */
export const someGpu = adapterProfile(
  {
    adapterInfo: {
      vendor: 'maker',
      architecture: 'gen-7',
      device: 'card',
      description: 'driver 1.2',
      isFallbackAdapter: false,
    },
    features: new Set(['shader-f16', 'timestamp-query']),
  } as unknown as GPUDevice,
  { name: 'dawn', version: '0.6' },
  'processor',
);
