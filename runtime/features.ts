import type { Feature } from './api.ts';

/** The smallest module that uses a feature: `(func (result v128) …)` with one instruction of it. */
const probes: Readonly<Record<Feature, readonly number[]>> = {
  // f32x4.relaxed_madd of three splats of 0
  'relaxed-simd': [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15,
    65, 0, 253, 15, 253, 133, 2, 11,
  ],
};

export const supports = (feature: Feature): boolean => WebAssembly.validate(new Uint8Array(probes[feature]));
