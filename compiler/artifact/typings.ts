import type { DType } from '../../runtime/api.ts';
import type { Manifest, TensorSlot } from '../../runtime/manifest.ts';

const arrayTypes: Readonly<Record<DType, string>> = {
  f32: 'Float32Array',
  f16: 'Uint16Array',
  f64: 'Float64Array',
  i8: 'Int8Array',
  u8: 'Uint8Array',
  i16: 'Int16Array',
  u16: 'Uint16Array',
  i32: 'Int32Array',
  u32: 'Uint32Array',
  i64: 'BigInt64Array',
  u64: 'BigUint64Array',
  bool: 'Uint8Array',
};

/** The types of `runtime/index.js`: what `runtime/api.ts` declares, and the values. */
export const runtimeTypings = `import type { ArtifactSource, LoadOptions, Model } from './api.js';

export type * from './api.js';
export declare class ArtifactError extends Error {}
export declare class ModelInputError extends Error {}
export declare class ThreadError extends Error {}
export declare function load(source: ArtifactSource, options?: LoadOptions): Promise<Model>;
`;

/** The types of `runtime/choose/index.js`. */
export const chooserTypings = `import type { ChooseVariant } from '../api.js';

export interface FastestOptions {
  readonly budget?: number;
  readonly cache?: string;
}
export declare function fastestVariant(options?: FastestOptions): ChooseVariant;
`;

/** The types of `runtime/webgpu/index.js`: what `runtime/webgpu/api.ts` declares, and the values. */
export const webgpuTypings = `import type { Device } from '../api.js';
import type { WebgpuModel, WebgpuOptions } from './api.js';

export type * from './api.js';
export declare class GpuError extends Error {}
export declare function webgpu(options?: WebgpuOptions): Device<WebgpuModel>;
`;

const webgpuLoad = `export declare function load(
  options: LoadOptions & { readonly device: Device<WebgpuModel> },
): Promise<WebgpuModel<Inputs, Outputs>>;
`;

const webgpuExports = `export * from './runtime/webgpu/index.js';\n`;

/**
 * What `import` of the artifact's folder gives: the runtime, with a `load` that needs no source, and what runs it on a GPU
 * where it was compiled for that. Bundlers know a file by the expression of its address, written out.
 */
export const printIndex = (names: readonly string[], isForWebgpu: boolean): string =>
  `import { load as loadArtifact } from './runtime/index.js';

export * from './runtime/index.js';
${isForWebgpu ? webgpuExports : ''}const addresses = {
${names.map((name) => `  '${name}': new URL('./${name}', import.meta.url),\n`).join('')}};
export const load = (options) => loadArtifact(addresses, options);
`;

/** Makes the artifact's code modules, whatever the package around its folder says of its own. */
export const packageJson = `${JSON.stringify({ type: 'module', main: 'index.js', types: 'index.d.ts' })}\n`;

/** The artifact's `index.d.ts`: its own `load`, with the names and arrays of this model's inputs and outputs. */
export function printTypings(manifest: Pick<Manifest, 'inputs' | 'outputs'>, isForWebgpu: boolean): string {
  return `import type { ${isForWebgpu ? 'Device, ' : ''}LoadOptions, Model } from './runtime/index.js';
${isForWebgpu ? `import type { WebgpuModel } from './runtime/webgpu/index.js';\n` : ''}
export * from './runtime/index.js';
${isForWebgpu ? webgpuExports : ''}
${printSlots('Inputs', manifest.inputs)}
${printSlots('Outputs', manifest.outputs)}
${isForWebgpu ? webgpuLoad : ''}export declare function load(options?: LoadOptions): Promise<Model<Inputs, Outputs>>;
`;
}

function printSlots(name: string, slots: readonly TensorSlot[]): string {
  const fields = slots.map(
    (slot) =>
      `  /** ${slot.dtype}[${slot.shape.join(', ')}] */\n  ${JSON.stringify(slot.name)}: ${arrayTypes[slot.dtype]};\n`,
  );
  return `export type ${name} = {\n${fields.join('')}};\n`;
}
