import type { Device } from '../api.ts';
import { ArtifactError } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import type { WebgpuModel, WebgpuOptions } from './api.ts';
import { opener } from './load.ts';
import { LoadedWebgpuModel } from './model.ts';

export type * from './api.ts';
export { GpuError } from './errors.ts';

/**
 * Runs a model on a GPU, by WebGPU: `load(source, { device: webgpu() })`. All pipelines are made, and all weights are in
 * place, when the model is there. Loading throws ArtifactError where the model was not compiled for it, and GpuError where
 * there is no GPU that can run it.
 */
export const webgpu =
  (options: WebgpuOptions = {}): Device<WebgpuModel> =>
  async ({ manifest: described, read }) => {
    const manifest = described as Manifest;
    const { webgpu: program } = manifest;
    if (program === undefined)
      throw new ArtifactError('the model was not compiled for WebGPU: tilewright compile --target wasm,webgpu');
    return LoadedWebgpuModel.load(manifest, program, opener(program, read, options), options);
  };
