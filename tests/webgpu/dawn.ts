import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';

/** Where distributions put what tells the Vulkan loader of a driver in software. */
const drivers: Readonly<Record<SoftwareAdapter, readonly string[]>> = {
  SwiftShader: ['/usr/lib/chromium/vk_swiftshader_icd.json', '/usr/lib64/chromium-browser/vk_swiftshader_icd.json'],
  llvmpipe: ['/usr/share/vulkan/icd.d/lvp_icd.x86_64.json', '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json'],
};

export type SoftwareAdapter = 'SwiftShader' | 'llvmpipe';

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

/** An adapter in software that runs shaders, or why there is none. */
export async function softwareAdapter(name: SoftwareAdapter = 'SwiftShader'): Promise<GPUAdapter | string> {
  const file = drivers[name].find(existsSync);
  if (file === undefined) return `${name} is not installed`;
  process.env['VK_ICD_FILENAMES'] = [...(process.env['VK_ICD_FILENAMES']?.split(':') ?? []), file].join(':');
  return (await open([`adapter=${name}`])) ?? `${name} gives no adapter: is libvulkan1 installed?`;
}
