import type { DType, Feature, TensorInfo } from './api.ts';
import type { GpuFeature } from './webgpu/api.ts';

/** The version of the artifact's format that this runtime writes and reads. */
export const formatVersion = 1;

/** What `manifest.json` holds, as `manifest.schema.json` says. Offsets and sizes are bytes in the one linear memory. */
export interface Manifest {
  readonly format: 'tilewright';
  readonly version: number;
  readonly name: string;
  readonly inputs: readonly TensorSlot[];
  readonly outputs: readonly TensorSlot[];
  readonly memory: MemoryLayout;
  /** The files of constants, in the order in which what stays of them stands in memory. */
  readonly weights: readonly WeightsFile[];
  /** What is made of weights once, when the artifact is loaded. */
  readonly prepare: readonly Preparation[];
  readonly plan: readonly Step[];
  /** The same kernels for different engines, the fastest first; the last requires nothing. */
  readonly kernels: readonly KernelsFile[];
  /** The ways in which the model was compiled, where there are several: the first is this one. */
  readonly variants?: readonly Variant[];
  /** The model as it runs on a GPU, if it was compiled for that. */
  readonly webgpu?: WebgpuProgram;
  /** Every other file of the artifact; those that are not code are checked when it is loaded. */
  readonly files: Readonly<Record<string, FileEntry>>;
  readonly provenance: Provenance;
  /** The hash of all of the above, as JSON without white space. */
  readonly sha256: string;
}

/** Where an input or output stands in memory: row-major and contiguous. */
export interface TensorSlot extends TensorInfo {
  readonly offset: number;
}

/**
 * `bytes` in all; what stays of the weights is copied to `weights`; all else is the arena of activations, and what is
 * prepared of other weights. Each thread but the first needs `thread` bytes more, for workspaces of its own.
 */
export interface MemoryLayout {
  readonly bytes: number;
  readonly weights: number;
  readonly thread: number;
}

/** Its first `resident` bytes stay in memory, behind those of the file before it; others are prepared of the rest. */
export interface WeightsFile {
  readonly file: string;
  readonly resident: number;
}

/** Copies a part of a weights' file to `to`, where nothing else stands yet, and runs a step that reads it there. */
export interface Preparation {
  readonly weights: { readonly file: string; readonly offset: number; readonly bytes: number };
  readonly to: number;
  readonly step: Step;
}

/**
 * Calls the export `kernel` with the addresses of its operands. `node` names what it computes, for people. `work` is
 * about how many vector instructions it executes.
 */
export interface Step {
  readonly kind: 'kernel';
  readonly kernel: string;
  readonly node: string;
  readonly operands: readonly number[];
  readonly work: number;
  /** Where threads can share the kernel: it then takes, after its operands, which of how many parts it is to run. */
  readonly parallel?: SharedStep;
}

export interface SharedStep {
  /** Operands of which each thread has its own: their positions, and their offsets in the memory of a thread. */
  readonly own: readonly (readonly [operand: number, offset: number])[];
}

/** A WebAssembly file with all kernels of the plan, and what an engine must have to run it. */
export interface KernelsFile {
  readonly file: string;
  readonly requires: readonly Feature[];
}

/**
 * The model as it was compiled for a kind of device and an engine: the file `manifest` says all of it. Variants give the
 * same results but for rounding, and each has its own plan, kernels, and some weights of its own.
 */
export interface Variant {
  readonly device: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly manifest: string;
}

export interface FileEntry {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Provenance {
  readonly compiler: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the schedule of each kernel is from, if a tuning database was asked. */
  readonly schedules?: readonly ScheduleOrigin[];
  /** The same of kernels for WebGPU. */
  readonly webgpuSchedules?: readonly ScheduleOrigin[];
}

/**
 * Of which rank the best answer was: from 1, a record of the same workload on the same kind of device, to 5, none. Hashes
 * are those of the database: of the kernel's workload, of the record, and of the workload that was measured.
 */
export interface ScheduleOrigin {
  readonly kernel: string;
  readonly rank: 1 | 2 | 3 | 4 | 5;
  readonly workload: string;
  readonly record?: { readonly sha256: string; readonly workload: string };
}

/**
 * The model as it runs on a GPU: in buffers of constants and of all else, in which an element of any dtype takes a word of
 * its own (i64 as i32). Offsets and sizes are bytes, of bindings as the default limits allow them.
 */
export interface WebgpuProgram {
  /**
   * Texts of WGSL: the last has every kernel and requires nothing; those before it have some of them as devices with more
   * features compute them. Of each kernel the first is run for which all features are used.
   */
  readonly shaders: readonly ShadersFile[];
  /** What a device has to allow, by the names that WebGPU has for its limits. */
  readonly limits: Readonly<Record<string, number>>;
  readonly buffers: readonly GpuBuffer[];
  readonly constants: readonly WebgpuConstant[];
  /** Where inputs are copied to, and where outputs are found, in their order. */
  readonly inputs: readonly ValuePlaces[];
  readonly outputs: readonly ValuePlaces[];
  readonly plan: readonly (WebgpuStep | HostStep)[];
  /** What runs on the processor, since WebGPU cannot do it. */
  readonly host?: HostProgram;
}

/** A file of WGSL, and what a device must have to run its kernels. */
export interface ShadersFile {
  readonly file: string;
  readonly requires: readonly GpuFeature[];
  /** What all kernels need comes first in the file, then the kernels: positions in the text. */
  readonly functionsEnd: number;
  readonly kernels: readonly { readonly name: string; readonly end: number }[];
}

export interface GpuBuffer {
  readonly role: 'weights' | 'arena';
  readonly bytes: number;
}

export interface GpuPlace {
  /** Which of the program's buffers. */
  readonly buffer: number;
  readonly offset: number;
}

/** Where a value stands: in a buffer of the GPU, at an address of the host's memory, or in both. */
export interface ValuePlaces {
  readonly gpu?: GpuPlace;
  readonly host?: number;
}

/**
 * A constant: where it stands in which file, in elements of its dtype, and where it goes. Where the processor reads it
 * otherwise, `order` is that of a GPU: loops, the outermost first, whose elements stand at the sums of their strides.
 */
export interface WebgpuConstant {
  readonly dtype: DType;
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly order?: readonly ReorderLoop[];
  readonly to: GpuPlace;
}

/** So many elements, and how far apart they stand. */
export interface ReorderLoop {
  readonly extent: number;
  readonly stride: number;
}

export interface WebgpuBinding extends GpuPlace {
  readonly bytes: number;
}

/** A dispatch of an entry point; its bindings are numbered from 0. `node` names what it computes, for people. */
export interface WebgpuStep {
  readonly kind: 'dispatch';
  readonly kernel: string;
  readonly node: string;
  readonly workgroups: readonly [x: number, y: number, z: number];
  readonly bindings: readonly WebgpuBinding[];
}

/** Kernels that run on the processor, with the values that they read of the GPU, and those that the GPU reads of theirs. */
export interface HostStep {
  readonly kind: 'host';
  readonly reads: readonly HostCopy[];
  readonly steps: readonly Step[];
  readonly writes: readonly HostCopy[];
}

/** Elements that stand on the GPU, a word each, and at an address of the host's memory, in their dtype. */
export interface HostCopy {
  readonly dtype: DType;
  readonly elements: number;
  readonly gpu: GpuPlace;
  readonly host: number;
}

/** The kernels of the host's steps, which every engine runs, and their memory; why each node is there. */
export interface HostProgram {
  readonly kernels: string;
  readonly memory: MemoryLayout;
  readonly weights: readonly WeightsFile[];
  readonly because: readonly { readonly node: string; readonly reason: string }[];
}

export const files = {
  manifest: 'manifest.json',
  kernels: 'kernels.wasm',
  relaxedKernels: 'kernels.relaxed.wasm',
  weights: 'weights.bin',
} as const;
