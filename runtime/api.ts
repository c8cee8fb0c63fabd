// The types of this package's interface, and nothing else: an artifact carries this file as it is, as `api.d.ts`.

export type DType = 'f32' | 'f16' | 'f64' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'bool';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor, row-major and contiguous. f16 elements are their bits in a Uint16Array, bool is 0 or 1 in a Uint8Array. */
export interface Tensor<A extends TypedArray = TypedArray> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: A;
}

/** Tensors by name; `T` gives the array of each. */
export type Tensors<T extends Record<string, TypedArray>> = { readonly [K in keyof T]: Tensor<T[K]> };

/** What a model takes or gives under a name. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A part of WebAssembly that not every engine has. */
export type Feature = 'relaxed-simd';

export interface ModelInfo {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Kernel calls of one run. */
  readonly kernels: number;
  /** The threads that a run takes. */
  readonly threads: number;
  /** Where more were asked for: why there is only one. */
  readonly oneThreadBecause?: string;
  /** What the kernels that `load` chose require of the engine. */
  readonly features: readonly Feature[];
  /** Linear memory: weights, activations and workspaces. */
  readonly memoryBytes: number;
  /** Where `load` was to choose among variants: which it took, and why. */
  readonly variant?: VariantChoice;
}

/** Which of an artifact's variants a model is. */
export interface VariantChoice {
  /** The kind of device and the engine that its schedules were measured on. */
  readonly name: string;
  /**
   * `timed`: it was the fastest just now. `remembered`: that was found out when the artifact was loaded before.
   * `unsettled`: it is the first, or the fastest of those that could be compared, since one that was slower still gained on
   * the other when the budget was spent, took too long to be timed, or could not be loaded.
   */
  readonly because: 'timed' | 'remembered' | 'unsettled';
  /** What was timed, the first run of each aside: milliseconds of a run, the median of the later half of the samples. */
  readonly timings: readonly VariantTiming[];
  /** How long that took, in milliseconds, the first run of each aside. */
  readonly spentMs: number;
}

export interface VariantTiming {
  readonly name: string;
  readonly runs: number;
  readonly ms?: number;
  /** Why it could not be timed. */
  readonly problem?: string;
}

/**
 * A loaded model: its memory and its kernels. `I` and `O` give the arrays of the inputs and outputs by name; the
 * artifact's `index.d.ts` fills them in.
 */
export interface Model<
  I extends Record<string, TypedArray> = Record<string, TypedArray>,
  O extends Record<string, TypedArray> = Record<string, TypedArray>,
> {
  info(): ModelInfo;
  /**
   * Runs the model once. Every input is given by its name, and is read before `run` returns its promise; the outputs
   * are copies that later runs do not change. Throws ModelInputError where an input is missing, unknown, or of another
   * dtype or shape, and after `dispose`. With several threads the calling one only waits for them, runs that are
   * started at the same time come one after the other, and a thread that ends or fails makes it throw ThreadError.
   */
  run(inputs: Tensors<I>): Promise<Tensors<O>>;
  /** Lets go of memory and kernels, and ends the threads. A later `run` throws. */
  dispose(): void;
}

export interface LoadOptions {
  /**
   * What runs a model that was compiled for it: what `webgpu` of `tilewright/runtime/webgpu` gives. Without it, the
   * processor does.
   */
  readonly device?: Device;
  /** The kernels, compiled already, for hosts that forbid compiling from bytes. */
  readonly kernels?: WebAssembly.Module;
  /**
   * Whether kernels may multiply and add in one instruction, which is faster and rounds as the processor does. By
   * default they do where the engine can; `false` gives the same bits on every machine, `true` throws ArtifactError
   * where the engine cannot.
   */
  readonly relaxedSimd?: boolean;
  /**
   * Threads to run on, from 1 to 64; 1 if nothing is said. More than one are started when the model is loaded, and the
   * calling thread does not take part. They need a shared memory, which browsers give to cross-origin isolated pages,
   * and the kernels' bytes: where that is missing, or no kernel has enough work to share, the model runs on one thread,
   * and `info` says why.
   */
  readonly threads?: number;
  /**
   * Chooses among the variants of an artifact that has some (`compile --variants`): what `fastestVariant` of
   * `tilewright/runtime/choose` gives. Without it, and with `kernels`, the first is loaded.
   */
  readonly choose?: ChooseVariant;
}

/** Loads an artifact for a device other than the processor. */
export type Device<M extends Model = Model> = (artifact: DeviceArtifact) => Promise<M>;

export interface DeviceArtifact {
  /** What `manifest.json` holds. */
  readonly manifest: object;
  /** A file of the artifact, checked. */
  readonly read: (file: string) => Promise<Uint8Array>;
}

export type ChooseVariant = (offer: VariantOffer) => Promise<Model>;

export interface VariantOffer {
  /** Equal where a choice that was made before holds on the same machine. */
  readonly key: string;
  /** At least two. Each can be loaded, also at the same time as others. */
  readonly variants: readonly { readonly name: string; readonly load: () => Promise<Model> }[];
}

/** The files of an artifact that is held in memory, by name. */
export type ArtifactFiles = Readonly<Record<string, Uint8Array>>;

/** The addresses of an artifact's files by name, for hosts and bundlers that give files names of their own. */
export type ArtifactAddresses = Readonly<Record<string, URL>>;

/** An artifact's folder, by path (Node) or address; its files; or the address of each. */
export type ArtifactSource = string | URL | ArtifactFiles | ArtifactAddresses;
