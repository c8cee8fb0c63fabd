import type { GpuFeature } from '../../../runtime/webgpu/api.ts';
import { allFeatures, type FeatureSet, noFeatures, printDirectives, subsetsOf } from './features.ts';
import type { HelperName } from './helpers.ts';
import { printHelpers } from './helpers.ts';
import { newIdentifiers } from './identifiers.ts';
import { type EntryPoint, emitKernel, type WgslKernel } from './kernel.ts';

/**
 * A text of WGSL with one entry point a kernel. First come functions that all may call; every kernel is a part of its own
 * behind them, so that a device can compile each by itself.
 */
export interface WgslModule {
  readonly code: string;
  /** Where the functions end, and behind them each kernel, in the order of the kernels: positions in the text. */
  readonly ends: readonly number[];
  /** By the names of the kernels. */
  readonly entryPoints: ReadonlyMap<string, EntryPoint>;
}

/** Kernels for devices that have some features. */
export interface WgslVariant {
  readonly requires: readonly GpuFeature[];
  readonly module: WgslModule;
}

/**
 * One module with an entry point for each kernel, in flat form as for WebGPU: no blocks; loops serial, or over workgroups
 * and invocations; buffers of one dimension; vectors of four lanes. Equal kernels give the same text. Throws
 * UnsupportedError for what WebGPU cannot do.
 */
export const emitWgsl = (kernels: readonly WgslKernel[]): WgslModule => emitModule(kernels, noFeatures, () => true);

/**
 * The kernels for every device, last, and before them those of the kernels that can use features, for devices that have
 * these: for each set of them a module, larger ones first. A kernel has one name in all modules.
 */
export function emitVariants(kernels: readonly WgslKernel[]): readonly WgslVariant[] {
  const uses = usedFeatures(kernels);
  const known = [...allFeatures].filter((feature) => [...uses.values()].some((used) => used.has(feature)));
  return subsetsOf(known).flatMap((features): readonly WgslVariant[] => {
    const usesAll = ({ func }: WgslKernel): boolean => [...features].every((one) => uses.get(func.name)?.has(one));
    if (features.size > 0 && !kernels.some(usesAll)) return [];
    return [{ requires: [...features], module: emitModule(kernels, features, usesAll) }];
  });
}

/** What each kernel uses where it may use all. */
function usedFeatures(kernels: readonly WgslKernel[]): ReadonlyMap<string, FeatureSet> {
  const context = { helpers: new Set<HelperName>(), features: allFeatures };
  const nameOf = newIdentifiers();
  return new Map(kernels.map((kernel) => [kernel.func.name, emitKernel(context, kernel, nameOf).used]));
}

function emitModule(
  kernels: readonly WgslKernel[],
  features: FeatureSet,
  isWanted: (kernel: WgslKernel) => boolean,
): WgslModule {
  const helpers = new Set<HelperName>();
  const nameOf = newIdentifiers();
  for (const { func } of kernels) nameOf(func.name);
  const entryPoints = new Map<string, EntryPoint>();
  const texts = kernels.filter(isWanted).map((kernel) => {
    const { entryPoint, text } = emitKernel({ helpers, features }, kernel, nameOf);
    entryPoints.set(kernel.func.name, entryPoint);
    return text;
  });
  const functions = [printDirectives(features), ...printHelpers(helpers)].filter((text) => text !== '').join('\n\n');
  const parts = [functions, ...texts].map((part) => (part === '' ? part : `${part}\n\n`));
  let end = 0;
  return { code: parts.join(''), ends: parts.map((part) => (end += part.length)), entryPoints };
}
