import type { ShadersFile, WebgpuProgram } from '../manifest.ts';
import type { GpuFeature } from './api.ts';
import { GpuError } from './errors.ts';

/**
 * Features of the language. What compiles it has them whatever the device, and makes of what that has no instruction for
 * some of others, which is slower than doing without: so they are used where someone asks for them.
 */
const ofLanguage: ReadonlySet<GpuFeature> = new Set<GpuFeature>(['packed_4x8_integer_dot_product']);

/**
 * The features that kernels of a program use on a device, or on one of an adapter: those that are wanted, or else all that
 * it has itself. Throws GpuError where one that is wanted is missing.
 */
export function chooseFeatures(
  { shaders }: Pick<WebgpuProgram, 'shaders'>,
  { features }: Pick<GPUAdapter, 'features'>,
  wanted?: readonly GpuFeature[],
): readonly GpuFeature[] {
  const missing = wanted?.find((feature) => !(ofLanguage.has(feature) ? compiles(feature) : features.has(feature)));
  if (missing !== undefined) throw new GpuError(`the device does not have the feature ${missing}`);
  const known = [...new Set(shaders.flatMap(({ requires }) => requires))];
  return known.filter((feature) => (wanted === undefined ? features.has(feature) : wanted.includes(feature)));
}

/** Unless the host says otherwise: it need not have what gave the device. */
const compiles = (feature: GpuFeature): boolean => globalThis.navigator?.gpu?.wgslLanguageFeatures.has(feature) ?? true;

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
