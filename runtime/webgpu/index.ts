import type { Device } from '../api.ts';
import { ArtifactError } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import { loadOnGpu } from './load.ts';

export { GpuError } from '../errors.ts';

export interface WebgpuOptions {
  /** The device to use, which stays the caller's. Without it, one is asked for. */
  readonly device?: GPUDevice;
}

/**
 * Runs a model on a GPU, by WebGPU: `load(source, { device: webgpu() })`. Loading throws ArtifactError where the model was
 * not compiled for it, and GpuError where there is no GPU that can run it.
 */
export const webgpu =
  ({ device }: WebgpuOptions = {}): Device =>
  async ({ manifest: described, read }) => {
    const manifest = described as Manifest;
    const { webgpu: program } = manifest;
    if (program === undefined)
      throw new ArtifactError('the model was not compiled for WebGPU: tilewright compile --target wasm,webgpu');
    const [code, weights] = await Promise.all([read(program.shaders), read(program.weights)]);
    return loadOnGpu(manifest, program, { code: new TextDecoder().decode(code), weights }, device);
  };
