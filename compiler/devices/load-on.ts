import type { ArtifactSource, LoadOptions, Model } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import type { TargetName } from '../pipeline.ts';
import { openNodeWebgpu } from './node-webgpu.ts';

/** A loaded model, and how to let go of it and of what it runs on. */
export interface ModelOn {
  readonly model: Model;
  /** The adapter, where it runs on a GPU. */
  readonly adapter?: string;
  readonly close: () => Promise<void>;
}

/** What a model is compiled for in memory: a GPU's leaves to the processor what it cannot do. */
export const targetsFor = (device: TargetName): readonly TargetName[] =>
  device === 'wasm' ? ['wasm'] : ['wasm', 'webgpu'];

/** Loads an artifact on a device; the options are those of the processor. */
export async function loadOn(device: TargetName, source: ArtifactSource, options: LoadOptions): Promise<ModelOn> {
  if (device === 'wasm') {
    const model = await load(source, options);
    return { model, close: async () => model.dispose() };
  }
  const gpu = await openNodeWebgpu();
  try {
    const model = await load(source, { device: webgpu({ device: gpu.device }) });
    const close = async (): Promise<void> => {
      model.dispose();
      await gpu.close();
    };
    return { model, adapter: gpu.name, close };
  } catch (error) {
    await gpu.close();
    throw error;
  }
}
