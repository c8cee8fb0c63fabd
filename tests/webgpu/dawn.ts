import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';

export type SoftwareAdapter = 'SwiftShader' | 'llvmpipe';

/** Where distributions, and `scripts/drivers.mjs`, put what tells the Vulkan loader of a driver in software. */
const drivers: Readonly<Record<SoftwareAdapter, readonly string[]>> = {
  SwiftShader: ['/usr/lib/chromium/vk_swiftshader_icd.json', '/usr/lib64/chromium-browser/vk_swiftshader_icd.json'],
  llvmpipe: [
    fileURLToPath(new URL('../../.node/lavapipe/lvp_icd.json', import.meta.url)),
    '/usr/share/vulkan/icd.d/lvp_icd.json',
    '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
    '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json',
  ],
};

/**
 * What tests on WebGPU run on, by the name of an adapter: `TILEWRIGHT_WEBGPU_ADAPTER`, else SwiftShader, which compiles
 * shaders in a tenth of the time that lavapipe takes.
 */
export const wantedAdapter: string = process.env['TILEWRIGHT_WEBGPU_ADAPTER'] ?? 'SwiftShader';

Object.assign(globalThis, globals);

/** The objects that `create` gives: a process dies when one is collected while a device of it lives. */
const instances: GPU[] = [];

async function open(options: readonly string[]): Promise<GPUAdapter | null> {
  const gpu = create([...options]);
  instances.push(gpu);
  return gpu.requestAdapter();
}

/** Validates shaders and pipelines as Dawn does everywhere, by the default limits and without optional features; runs nothing. */
export async function validatingDevice(...features: GPUFeatureName[]): Promise<GPUDevice> {
  const adapter = await open(['backend=null']);
  if (adapter === null) throw new Error('the null backend of Dawn has no adapter');
  return adapter.requestDevice({ requiredFeatures: features });
}

/** The adapter of that name, of a driver in software or not, or why there is none. */
export async function softwareAdapter(name: string = wantedAdapter): Promise<GPUAdapter | string> {
  const files = name === 'SwiftShader' || name === 'llvmpipe' ? drivers[name] : undefined;
  const file = files?.find(existsSync);
  if (files !== undefined && file === undefined) return `${name} is not installed`;
  if (file !== undefined)
    process.env['VK_ICD_FILENAMES'] = [...(process.env['VK_ICD_FILENAMES']?.split(':') ?? []), file].join(':');
  const adapter = await open([`adapter=${name}`]).catch(() => null);
  return adapter ?? `no adapter is called ${name}: is libvulkan1 installed?`;
}

/** The adapter that tests run on where it has the feature, else lavapipe's, or why there is none. */
export async function adapterWith(feature: GPUFeatureName): Promise<GPUAdapter | string> {
  const wanted = await softwareAdapter();
  return typeof wanted !== 'string' && wanted.features.has(feature) ? wanted : softwareAdapter('llvmpipe');
}
