import type * as Webgpu from 'webgpu';
import { CompilerError } from '../../ir/errors.ts';
import { requestDevice } from './request-device.ts';

/** A GPU's device in Node, for commands that run on one. */
export interface NodeWebgpu {
  readonly device: GPUDevice;
  /** What the adapter calls itself. */
  readonly name: string;
  /** Without it the process does not end. */
  readonly close: () => Promise<void>;
}

/** The objects that `create` gives: a process dies when one is collected while a device of it lives. */
const open = new Set<GPU>();

/**
 * Opens the adapter whose name contains TILEWRIGHT_WEBGPU_ADAPTER, or that which the system prefers, by the package
 * `webgpu` (Dawn). Throws CompilerError where there is no such package or adapter.
 */
export async function openNodeWebgpu(): Promise<NodeWebgpu> {
  const { create, globals } = await importWebgpu();
  const wanted = process.env['TILEWRIGHT_WEBGPU_ADAPTER'];
  // Timestamps are rounded to 65 µs otherwise, lest a page of the web times others.
  const options = ['disable-dawn-features=timestamp_quantization', ...(wanted ? [`adapter=${wanted}`] : [])];
  Object.assign(globalThis, globals);
  const gpu = create(options);
  const adapter = await requestAdapter(gpu, wanted);
  const device = await requestDevice(adapter);
  open.add(gpu);
  const { description, device: model, vendor, architecture } = adapter.info;
  const close = async (): Promise<void> => {
    device.destroy();
    await device.lost;
    open.delete(gpu);
  };
  return { device, name: model || description || `${vendor} ${architecture}`.trim() || 'an unknown adapter', close };
}

/** Opens a device for some work, and closes it however that ends. Throws what opening throws, and the work. */
export async function onNodeWebgpu<T>(work: (gpu: NodeWebgpu) => Promise<T>): Promise<T> {
  const gpu = await openNodeWebgpu();
  try {
    return await work(gpu);
  } finally {
    await gpu.close();
  }
}

/** That of the package, whose releases are of versions of Dawn; they make the same code in one minor version. */
export async function versionOfDawn(): Promise<string> {
  const { default: json } = await import('webgpu/package.json', { with: { type: 'json' } });
  return json.version.split('.').slice(0, 2).join('.');
}

async function importWebgpu(): Promise<typeof Webgpu> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw new CompilerError('WebGPU in Node is the package webgpu, which is not installed: npm install webgpu', {
      cause: error,
    });
  }
}

async function requestAdapter(gpu: GPU, wanted: string | undefined): Promise<GPUAdapter> {
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter !== null) return adapter;
  } catch (error) {
    const place = wanted === undefined ? '' : ` called ${wanted} (TILEWRIGHT_WEBGPU_ADAPTER)`;
    throw new CompilerError(`no WebGPU adapter${place}: ${(error as Error).message}`, { cause: error });
  }
  throw new CompilerError(
    'no WebGPU adapter: the system has no driver of a GPU; a driver in software is SwiftShader, which comes with Chromium, where VK_ICD_FILENAMES names its vk_swiftshader_icd.json',
  );
}
