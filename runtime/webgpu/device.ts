import type { WebgpuProgram } from '../manifest.ts';
import type { DeviceChoice, GpuFeature } from './api.ts';
import { GpuError } from './errors.ts';
import { chooseFeatures, deviceFeatures } from './features.ts';

/** A device, whether it goes with the model, and the features that the model's kernels use there. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly isOwn: boolean;
  readonly features: readonly GpuFeature[];
}

type Limits = Readonly<Record<string, number>>;

/**
 * The device that is given, or one of an adapter. Throws GpuError where the host has no WebGPU, no adapter, or only one that
 * does not allow what is needed or wanted.
 */
export async function openDevice(
  program: Pick<WebgpuProgram, 'limits' | 'shaders'>,
  { device, adapter }: DeviceChoice,
  wanted?: readonly GpuFeature[],
): Promise<OpenDevice> {
  const { limits } = program;
  if (device !== undefined) {
    checkLimits(limits, device.limits, 'device');
    return { device, isOwn: false, features: chooseFeatures(program, device, wanted) };
  }
  const found = adapter ?? (await findAdapter());
  checkLimits(limits, found.limits, 'adapter');
  const features = chooseFeatures(program, found, wanted);
  try {
    const descriptor = { requiredLimits: limits, requiredFeatures: deviceFeatures(features) };
    return { device: await found.requestDevice(descriptor), isOwn: true, features };
  } catch (error) {
    throw new GpuError(`the adapter gives no device: ${(error as Error).message}`, { cause: error });
  }
}

async function findAdapter(): Promise<GPUAdapter> {
  const { gpu } = globalThis.navigator ?? {};
  if (gpu === undefined) throw new GpuError('this host has no WebGPU: navigator.gpu is missing');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new GpuError('this host has WebGPU, but no adapter for it');
  return adapter;
}

function checkLimits(needed: Limits, limits: GPUSupportedLimits, of: string): void {
  for (const [name, need] of Object.entries(needed)) {
    const limit = limits[name as keyof GPUSupportedLimits] as number | undefined;
    if (!(need <= (limit ?? 0))) throw new GpuError(`the model needs ${name} ${need}, and the ${of} has ${limit}`);
  }
}

/** What an adapter calls itself, as far as it says. */
export function nameOf({ adapterInfo }: GPUDevice): string {
  const { device, description, vendor, architecture } = adapterInfo ?? {};
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'unknown';
}

/**
 * What `work` gives, which calls the device and does not wait. Rejects with GpuError for the first error that the device
 * reports of these calls.
 */
export async function reported<T>(device: GPUDevice, work: () => T): Promise<T> {
  const filters = ['validation', 'out-of-memory'] as const;
  for (const filter of filters) device.pushErrorScope(filter);
  let scopes: readonly Promise<GPUError | null>[] = [];
  let result: T;
  try {
    result = work();
  } finally {
    scopes = filters.map(() => device.popErrorScope());
  }
  const [error] = (await Promise.all(scopes)).filter((found) => found !== null);
  if (error !== undefined) throw new GpuError(error.message);
  return result;
}
