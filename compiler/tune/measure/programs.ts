import type { DType } from '../../../ir/dtype.ts';
import type { TypedArray } from '../../../ir/tensor-data.ts';
import type { ShadersFile } from '../../../runtime/manifest.ts';
import type { CacheMode } from '../../../schedules/database/record.ts';
import type { Outcome } from '../../../schedules/search/search.ts';

// What is sent to where kernels are measured, and what comes back: values that can be cloned, and no functions.

/** A call of a function that a module exports; all arguments are 32-bit integers. */
export interface Call {
  readonly name: string;
  readonly args: readonly number[];
}

/** Where one of the task's operands stands, in bytes. */
export interface Place {
  readonly operand: number;
  readonly address: number;
}

/** What a kernel reads, in a memory of its own. */
export interface PreparedOperands {
  /** Of memory that it needs. */
  readonly bytes: number;
  readonly inputs: readonly Place[];
  /** Runs once, on the inputs: packs and prepares what the model's constants stand for. */
  readonly setup: readonly Call[];
}

/** A kernel of WebAssembly. */
export interface KernelProgram extends PreparedOperands {
  /** The addresses of the results, in the order of the task's. */
  readonly outputs: readonly number[];
  /** One run. */
  readonly steps: readonly Call[];
}

/** A kernel of WGSL. What it reads is prepared in memory, and then is a GPU's. */
export interface WebgpuKernelProgram extends PreparedOperands {
  readonly code: string;
  /** The parts of the code, each of which is a module behind the functions that all may call. */
  readonly shaders: Pick<ShadersFile, 'functionsEnd' | 'kernels'>;
  /** Elements of each buffer, each a word; those that are read stand in memory. */
  readonly buffers: readonly { readonly elements: number; readonly from?: TypedPlace }[];
  /** The buffers of the results, in the order of the task's. */
  readonly results: readonly number[];
  /** One run. */
  readonly dispatches: readonly Dispatch[];
}

interface TypedPlace {
  readonly address: number;
  readonly dtype: DType;
}

export interface Dispatch {
  readonly kernel: string;
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** What it binds, in the order of its bindings. */
  readonly buffers: readonly number[];
}

export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What all candidates of a task are measured with. */
export interface TaskProgram {
  /** Equal for equal tasks. */
  readonly id: string;
  /** For whoever looks on. */
  readonly name: string;
  /** Holds what both kernels have of WebAssembly. */
  readonly module: Uint8Array<ArrayBuffer>;
  /** Elements that are not given are random. */
  readonly operands: readonly (TensorSpec & { readonly data?: TypedArray })[];
  readonly outputs: readonly TensorSpec[];
  /** Whether floats are rounded to whole steps on the way. */
  readonly isRounded: boolean;
  /** The program as it is defined: slow, and right. */
  readonly reference: KernelProgram;
  /** Runs in turns with the candidates, whose times are told in relation to it. */
  readonly anchor: KernelProgram | WebgpuKernelProgram;
  /** Whether operands are in the caches when a run begins that is timed. */
  readonly cache: CacheMode;
}

/** Candidates of one task. */
export interface Batch {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly kernels: readonly (KernelProgram | WebgpuKernelProgram)[];
  /** Whether a winner is decided on, so that times have to be known better than in a search. */
  readonly isFinal: boolean;
}

/** How long and in which way kernels are timed. */
export interface Timing extends Effort {
  readonly cache: CacheMode;
  /** Whether the engine compiles what is hot a second time, so that kernels are run until their times stop to fall. */
  readonly tiersUp: boolean;
}

/** How well times are to be known. */
export interface Effort {
  /** Half of a 95 % confidence interval, as a part of the time, that is narrow enough. */
  readonly spread: number;
  /** Milliseconds for one candidate, after which no more samples are taken. */
  readonly limit: number;
  /** So many samples are taken however long that is. */
  readonly least: number;
}

/** What came of a batch. */
export interface BatchResult {
  /** One a candidate; times are those that it would have taken while the anchor took `anchorMs`. */
  readonly outcomes: readonly Outcome[];
  readonly anchorMs: number;
}
