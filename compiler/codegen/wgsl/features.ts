import type { GpuFeature } from '../../../runtime/webgpu/api.ts';

export type FeatureSet = ReadonlySet<GpuFeature>;

export const noFeatures: FeatureSet = new Set();

/** All that kernels can use, with what a text says first that does. */
const directives: Readonly<Record<GpuFeature, string>> = {
  'shader-f16': 'enable f16;',
  subgroups: 'enable subgroups;',
  packed_4x8_integer_dot_product: 'requires packed_4x8_integer_dot_product;',
};

export const allFeatures: FeatureSet = new Set(Object.keys(directives) as GpuFeature[]);

export const printDirectives = (features: FeatureSet): string =>
  [...features].map((feature) => directives[feature]).join('\n');

/** Every set of some of them, larger ones first; the last is empty. */
export const subsetsOf = ([feature, ...others]: readonly GpuFeature[]): readonly FeatureSet[] =>
  feature === undefined
    ? [noFeatures]
    : subsetsOf(others)
        .flatMap((subset) => [new Set([feature, ...subset]), subset])
        .toSorted((a, b) => b.size - a.size);
