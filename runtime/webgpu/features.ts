import type { ShadersFile, WebgpuProgram } from '../manifest.ts';
import type { GpuFeature } from './api.ts';
import { GpuError } from './errors.ts';

/** Features of the language: what compiles it has them, whatever the device. */
const ofLanguage: ReadonlySet<GpuFeature> = new Set<GpuFeature>(['packed_4x8_integer_dot_product']);

/**
 * The features that kernels of a program use on a device, or on one of an adapter: those that are wanted, or else all that
 * it has. Throws GpuError where it does not have one that is wanted.
 */
export function chooseFeatures(
  { shaders }: Pick<WebgpuProgram, 'shaders'>,
  of: Pick<GPUAdapter, 'features'>,
  wanted?: readonly GpuFeature[],
): readonly GpuFeature[] {
  const known = [...new Set(shaders.flatMap(({ requires }) => requires))];
  if (wanted === undefined) return known.filter((feature) => has(of, feature) === true);
  const missing = wanted.find((feature) => has(of, feature) === false);
  if (missing !== undefined) throw new GpuError(`the device does not have the feature ${missing}`);
  return known.filter((feature) => wanted.includes(feature));
}

/** Undefined where that cannot be told: a host need not have what gave the device. */
function has({ features }: Pick<GPUAdapter, 'features'>, feature: GpuFeature): boolean | undefined {
  return ofLanguage.has(feature) ? globalThis.navigator?.gpu?.wgslLanguageFeatures.has(feature) : features.has(feature);
}

/** Those of them that a device has to be asked for. */
export const deviceFeatures = (features: readonly GpuFeature[]): GPUFeatureName[] =>
  features.filter((feature) => !ofLanguage.has(feature)) as GPUFeatureName[];

/** The files whose kernels can use these features, in their order. */
export const shadersWith = ({ shaders }: Pick<WebgpuProgram, 'shaders'>, features: readonly GpuFeature[]) =>
  shaders.filter(({ requires }) => requires.every((feature) => features.includes(feature)));

/** A kernel as a module by itself, and the file that it is from. */
export interface KernelText {
  readonly file: string;
  /** What all kernels of the file need, then the kernel, which starts at a position. */
  readonly code: string;
  readonly start: number;
}

/** Of each kernel, by its name, the text in the first of the files that has it. */
export function kernelTexts(
  shaders: readonly ShadersFile[],
  codeOf: (file: string) => string,
): ReadonlyMap<string, KernelText> {
  const texts = new Map<string, KernelText>();
  for (const { file, functionsEnd, kernels } of shaders.toReversed()) {
    const code = codeOf(file);
    const functions = code.slice(0, functionsEnd);
    for (const [i, { name, end }] of kernels.entries()) {
      const text = code.slice(kernels[i - 1]?.end ?? functionsEnd, end);
      texts.set(name, { file, code: functions + text, start: functionsEnd });
    }
  }
  return texts;
}
