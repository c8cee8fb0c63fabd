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

/**
 * One module with an entry point for each kernel, in flat form as for WebGPU: no blocks; loops serial, or over workgroups
 * and invocations; buffers of one dimension; vectors of four lanes. Equal kernels give the same text. Throws
 * UnsupportedError for what WebGPU cannot do.
 */
export function emitWgsl(kernels: readonly WgslKernel[]): WgslModule {
  const helpers = new Set<HelperName>();
  const nameOf = newIdentifiers();
  const entryPoints = new Map<string, EntryPoint>();
  const texts = kernels.map((kernel) => {
    const { entryPoint, text } = emitKernel({ helpers }, kernel, nameOf);
    entryPoints.set(kernel.func.name, entryPoint);
    return text;
  });
  const parts = [printHelpers(helpers).join('\n\n'), ...texts].map((part) => (part === '' ? part : `${part}\n\n`));
  let end = 0;
  return { code: parts.join(''), ends: parts.map((part) => (end += part.length)), entryPoints };
}
