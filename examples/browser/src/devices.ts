export type Device = 'wasm' | 'wasm threads' | 'webgpu';

/** Why this browser runs no model on a device, if it does not. */
export async function obstacleOf(device: Device): Promise<string | undefined> {
  switch (device) {
    case 'wasm':
      return undefined;
    case 'wasm threads':
      return crossOriginIsolated
        ? undefined
        : 'off: the page is not cross-origin isolated, since it was served without COOP and COEP headers';
    case 'webgpu':
      return withoutWebgpu();
    default:
      return device satisfies never;
  }
}

async function withoutWebgpu(): Promise<string | undefined> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (!isSecureContext) return 'off: the page was not served by https, nor from this machine';
  if (gpu === undefined) return 'off: this browser has no WebGPU';
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter === null ? 'off: this browser has WebGPU, but no adapter for it' : undefined;
}
