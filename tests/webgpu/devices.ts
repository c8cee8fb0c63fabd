import { type SoftwareAdapter, softwareAdapter } from './dawn.ts';

export interface NamedDevice {
  readonly name: string;
  readonly device: GPUDevice;
}

/** Lavapipe takes ten times as long to compile a shader: `TILEWRIGHT_ADAPTERS=SwiftShader,llvmpipe` runs tests on both. */
const wanted = (process.env['TILEWRIGHT_ADAPTERS'] ?? 'SwiftShader').split(',') as readonly SoftwareAdapter[];

/** A device of each adapter in software that is wanted and here, with all that the adapter allows. What is not here is told of. */
export async function openDevices(): Promise<readonly NamedDevice[]> {
  const devices: NamedDevice[] = [];
  for (const name of wanted) {
    const adapter = await softwareAdapter(name);
    if (typeof adapter === 'string') {
      process.stderr.write(`tests on webgpu are skipped: ${adapter}\n`);
      continue;
    }
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
    devices.push({ name, device });
  }
  return devices;
}
