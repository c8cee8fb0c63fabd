// The types of this entry, and nothing else: an artifact for GPUs carries this file as it is, as `api.d.ts`.

import type { DType, Model, ModelInfo, Tensor, Tensors, TypedArray } from '../api.ts';

/**
 * A tensor on the GPU, row-major and contiguous, with a word of 32 bits for each element: f16 as f32, or in 16 bits where
 * the model uses the feature `shader-f16`; i8, i16 and i64 as i32; u8, u16 and bool (0 or 1) as u32. The buffer may be
 * longer, and holds whole words.
 */
export interface GpuTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: GPUBuffer;
}

/** Inputs by name, each in memory or on the GPU. */
export type GpuInputs<T extends Record<string, TypedArray>> = { readonly [K in keyof T]: Tensor<T[K]> | GpuTensor };

/** Outputs by name, on the GPU. */
export type GpuTensors<T extends Record<string, TypedArray>> = { readonly [K in keyof T]: GpuTensor };

/** A loaded model that runs on a GPU. */
export interface WebgpuModel<
  I extends Record<string, TypedArray> = Record<string, TypedArray>,
  O extends Record<string, TypedArray> = Record<string, TypedArray>,
> extends Model<I, O> {
  /** The device that it runs on, to make buffers of. */
  readonly device: GPUDevice;
  info(): WebgpuModelInfo;
  /**
   * Runs the model once. Arrays are read before `run` returns its promise. A GPUBuffer, of the model's device and with the
   * usage COPY_SRC, stays the caller's: the run copies it, and it must not change until the run has ended. Runs that are
   * started at the same time come one after the other.
   *
   * With `outputs: 'gpu'`, outputs are new buffers, with the usages STORAGE, COPY_SRC and COPY_DST: they are the caller's,
   * to be destroyed by the caller, and later runs and `dispose` do not touch them. The promise then resolves when the
   * commands are submitted; commands that are submitted afterwards see the results.
   *
   * Throws ModelInputError as any model does, also for an i64 that does not fit 32 bits where a GPU computes with it. Throws
   * GpuError where the device reports an error, and when it was lost: in this run, or before.
   */
  run(inputs: GpuInputs<I>, options?: { readonly outputs?: 'host' }): Promise<Tensors<O>>;
  run(inputs: GpuInputs<I>, options: { readonly outputs: 'gpu' }): Promise<GpuTensors<O>>;
  /**
   * After the loss of a device: makes all anew on the one that is given, or that of the adapter that is given, or one of
   * its own. Runs that are started in the meantime wait for it. The artifact's files are read again: to keep the weights
   * in memory would double what most models, which never lose a device, need. Throws what loading throws.
   */
  restore(on?: DeviceChoice): Promise<void>;
  /** Lets go of all buffers, and of the device unless it was given. Runs that have not ended are rejected with GpuError. */
  dispose(): void;
}

export interface WebgpuModelInfo extends ModelInfo {
  readonly gpu: GpuInfo;
}

export interface GpuInfo {
  /** What the adapter calls itself. */
  readonly adapter: string;
  /** In one run. */
  readonly dispatches: number;
  /** Distinct ones, which were made when the model was loaded. */
  readonly pipelines: number;
  /** What the kernels that were chosen require of the device. */
  readonly features: readonly GpuFeature[];
  /** What runs on the processor in every run, since WebGPU cannot do it. */
  readonly onHost: readonly { readonly node: string; readonly reason: string }[];
}

/** What not every device has: optional features of WebGPU, and of its language, by their names. */
export type GpuFeature = 'shader-f16' | 'subgroups' | 'packed_4x8_integer_dot_product';

/** Which device to use: by default, one of an adapter that is asked for. */
export interface DeviceChoice {
  /** It stays the caller's. */
  readonly device?: GPUDevice;
  /** Which a device is asked of: that one is the model's, and destroyed with it. An adapter gives one device only. */
  readonly adapter?: GPUAdapter;
}

export interface WebgpuOptions extends DeviceChoice {
  /**
   * The features that kernels may use, of those that the model has kernels for: by default all that the device has, with []
   * none. `packed_4x8_integer_dot_product` is one of the language, which says nothing of the device, and is used only if it
   * is named here. Loading throws GpuError where one is missing.
   */
  readonly features?: readonly GpuFeature[];
  /** Told whenever a pipeline was made: how many are, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}
